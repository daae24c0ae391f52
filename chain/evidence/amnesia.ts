/**
 * Amnesia: a precommit of one block and, in a later round of the height, a prevote for another block that gives no
 * polka newer than the precommit as its reason. An honest node is locked by its precommit, and prevotes another block
 * only in answer to a proposal that gives the round of a polka at or after its lock. Both votes are the accused's own
 * words, so nobody has to answer.
 */
import { equalBytes } from "../crypto/hash.ts";
import { voteValue } from "../finality/vote.ts";
import type { Amnesia } from "../types/evidence.ts";
import { VOTE_TYPES, type Vote } from "../types/vote.ts";
import { InvalidEvidence, unrelated } from "./evidence-error.ts";

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

/** @throws InvalidEvidence */
export function checkAmnesia({ lock, later }: Amnesia): void {
  for (const field of ["seat", "height"] as const) {
    if (lock[field] !== later[field]) throw unrelated(field);
  }
  if (!isAmnesia(lock, later)) {
    throw new InvalidEvidence("the later vote does not break the lock of the first", {
      code: "EVIDENCE_NO_AMNESIA",
    });
  }
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
