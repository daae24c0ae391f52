/** Two different votes of one seat for one (height, round, type): checks of their form. */
import { compareVotes } from "../finality/contradiction.ts";
import type { DuplicateVote } from "../types/evidence.ts";
import { VOTE_TYPES } from "../types/vote.ts";
import { checkOrder, InvalidEvidence, unrelated } from "./evidence-error.ts";

/**
 * Checks that the votes contradict each other and are in canonical order. The seat is not covered by the signature, so
 * it proves nothing.
 * @throws InvalidEvidence
 */
export function checkDuplicateVote({ first, second }: DuplicateVote): void {
  for (const field of ["seat", "height", "round", "type"] as const) {
    if (first[field] !== second[field]) throw unrelated(field);
  }
  if (VOTE_TYPES[first.type] === undefined) {
    throw new InvalidEvidence(`vote type ${first.type} does not exist`, {
      code: "EVIDENCE_UNKNOWN_VOTE_TYPE",
      type: first.type,
    });
  }
  checkOrder(compareVotes(first, second));
}
