/**
 * How two votes of one seat contradict each other: a double vote (same height, round and type), or amnesia. Amnesia is
 * a precommit for one block and, in a later round of the height, a prevote for another block whose stated reason is no
 * polka (more than 2/3 of the prevotes) newer than the precommit. An honest node is locked by its precommit. It
 * prevotes another block only in answer to a proposal that names the round of a polka at or after its lock. Both votes
 * are signed by the accused, so no answer is needed from it or from anybody else.
 */
import { compareBytes, equalBytes } from "../crypto/hash.ts";
import type { Amnesia, DuplicateVote } from "../types/evidence.ts";
import { VOTE_TYPES, type Vote } from "../types/vote.ts";
import { voteValue } from "./vote.ts";

/**
 * Makes the canonical form of two conflicting votes: the smaller block hash comes first; for one block, the smaller
 * valid round.
 */
export function makeDuplicateVote(a: Vote, b: Vote): DuplicateVote {
  return compareVotes(a, b) < 0 ? { first: a, second: b } : { first: b, second: a };
}

/** The order of two conflicting votes in their evidence; 0 = they say the same. */
export function compareVotes(a: Vote, b: Vote): number {
  const order = compareBytes(a.blockHash, b.blockHash);
  return order === 0 ? a.validRound - b.validRound : order;
}

/** For any two votes of one seat and height. */
export function isAmnesia(lock: Vote, later: Vote): boolean {
  return (
    VOTE_TYPES[lock.type] === "precommit" &&
    VOTE_TYPES[later.type] === "prevote" &&
    voteValue(lock.blockHash) !== null &&
    voteValue(later.blockHash) !== null &&
    !equalBytes(lock.blockHash, later.blockHash) &&
    lock.round < later.round &&
    // `validRound` is one more than the round of the polka. So the polka is older than the lock, or there is none.
    later.validRound <= lock.round
  );
}

/** The proof that a new vote gives together with earlier votes of its seat: at most one. */
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
