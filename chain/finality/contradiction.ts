/**
 * How two votes of one seat contradict each other: a double vote (one height, round and type), or amnesia. Amnesia is
 * a precommit of one block and, in a later round of the height, a prevote for another block that gives no polka newer
 * than the precommit as its reason. An honest node is locked by its precommit, and prevotes another block only in
 * answer to a proposal that gives the round of a polka at or after its lock. Both votes are the accused's own words,
 * so nobody has to answer.
 */
import { compareBytes, equalBytes } from "../crypto/hash.ts";
import type { Amnesia, DuplicateVote } from "../types/evidence.ts";
import { VOTE_TYPES, type Vote } from "../types/vote.ts";
import { voteValue } from "./vote.ts";

/** The one form of two conflicting votes: the smaller block hash first, of one block the smaller valid round. */
export function makeDuplicateVote(a: Vote, b: Vote): DuplicateVote {
  return compareVotes(a, b) < 0 ? { first: a, second: b } : { first: b, second: a };
}

/** The order of two conflicting votes in their evidence; 0 = they say the same. */
export function compareVotes(a: Vote, b: Vote): number {
  const order = compareBytes(a.blockHash, b.blockHash);
  return order === 0 ? a.validRound - b.validRound : order;
}

/** Any two votes of one seat and height. */
export function isAmnesia(lock: Vote, later: Vote): boolean {
  return (
    VOTE_TYPES[lock.type] === "precommit" &&
    VOTE_TYPES[later.type] === "prevote" &&
    voteValue(lock.blockHash) !== null &&
    voteValue(later.blockHash) !== null &&
    !equalBytes(lock.blockHash, later.blockHash) &&
    lock.round < later.round &&
    // One more than the round of the polka: so the polka is older than the lock, or there is none.
    later.validRound <= lock.round
  );
}

/** What a vote that comes in proves together with those its seat sent before: at most one proof. */
export function amnesiaOf(
  rounds: readonly {
    readonly prevote: { readonly votes: readonly Vote[] };
    readonly precommit: { readonly votes: readonly Vote[] };
  }[],
  vote: Vote,
): Amnesia[] {
  const isPrevote = VOTE_TYPES[vote.type] === "prevote";
  for (const round of rounds) {
    const others = isPrevote ? round.precommit.votes : round.prevote.votes;
    for (const other of others) {
      if (other.seat !== vote.seat) continue;
      const [lock, later] = isPrevote ? [other, vote] : [vote, other];
      if (isAmnesia(lock, later)) return [{ lock, later }];
    }
  }
  return [];
}
