/** Two blocks proposed for one (height, round): checks of their form. */
import { compareBytes } from "../crypto/hash.ts";
import type { DuplicateProposal, SignedProposalSummary } from "../types/evidence.ts";
import { checkOrder, unrelated } from "./evidence-error.ts";

/**
 * Makes the canonical form of two conflicting proposals: the smaller block hash comes first; for one block, the smaller
 * valid round.
 */
export function makeDuplicateProposal(
  a: SignedProposalSummary,
  b: SignedProposalSummary,
): DuplicateProposal {
  return compareProposals(a, b) < 0 ? { first: a, second: b } : { first: b, second: a };
}

/** @throws InvalidEvidence */
export function checkDuplicateProposal({ first, second }: DuplicateProposal): void {
  for (const field of ["height", "round"] as const) {
    if (first.summary[field] !== second.summary[field]) throw unrelated(field);
  }
  checkOrder(compareProposals(first, second));
}

function compareProposals(a: SignedProposalSummary, b: SignedProposalSummary): number {
  const order = compareBytes(a.summary.blockHash, b.summary.blockHash);
  return order === 0 ? a.summary.validRound - b.summary.validRound : order;
}
