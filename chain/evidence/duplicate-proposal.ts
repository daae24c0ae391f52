/** Two blocks proposed for one (height, round): their form. */
import { compareBytes } from "../crypto/hash.ts";
import type { DuplicateProposal, SignedProposalSummary } from "../types/evidence.ts";
import { checkOrder, unrelated } from "./evidence-error.ts";

/** The one form of two conflicting proposals: the smaller block hash first. */
export function makeDuplicateProposal(
  a: SignedProposalSummary,
  b: SignedProposalSummary,
): DuplicateProposal {
  const isOrdered = compareBytes(a.summary.blockHash, b.summary.blockHash) < 0;
  return isOrdered ? { first: a, second: b } : { first: b, second: a };
}

/** @throws InvalidEvidence */
export function checkDuplicateProposal({ first, second }: DuplicateProposal): void {
  for (const field of ["height", "round"] as const) {
    if (first.summary[field] !== second.summary[field]) throw unrelated(field);
  }
  checkOrder(compareBytes(first.summary.blockHash, second.summary.blockHash));
}
