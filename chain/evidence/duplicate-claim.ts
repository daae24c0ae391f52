/** Two claims of different work by one node in one benchmark window: checks of their form. */
import { compareBytes, equalBytes } from "../crypto/hash.ts";
import { transactionId } from "../transaction-id.ts";
import type { DuplicateClaim } from "../types/evidence.ts";
import { type Payloads, payloadIf, type SignedTransaction } from "../types/transaction.ts";
import { LaneClaims } from "../types/window.ts";
import { checkOrder, InvalidEvidence, unrelated } from "./evidence-error.ts";

/** Makes the canonical form of two conflicting claims: the smaller transaction id comes first. */
export function makeDuplicateClaim(a: SignedTransaction, b: SignedTransaction): DuplicateClaim {
  return compareIds(a, b) < 0 ? { first: a, second: b } : { first: b, second: a };
}

/**
 * Sending the same claim again, with another nonce or fee, is no fault.
 * @throws InvalidEvidence
 */
export function checkDuplicateClaim({ first, second }: DuplicateClaim): void {
  const [a, b] = [claimOf(first), claimOf(second)];
  if (!equalBytes(first.transaction.sender, second.transaction.sender)) throw unrelated("sender");
  for (const field of ["window", "opens"] as const) {
    if (a[field] !== b[field]) throw unrelated(field);
  }
  checkOrder(isSameWork(a, b) ? 0 : compareIds(first, second));
}

/** The energy is self-reported, and is not part of the work. */
export function isSameWork(a: Payloads["window-commit"], b: Payloads["window-commit"]): boolean {
  return LaneClaims.equals(a.lanes, b.lanes);
}

/** @throws InvalidEvidence EVIDENCE_WRONG_KIND */
export function claimOf({ transaction }: SignedTransaction): Payloads["window-commit"] {
  const claim = payloadIf("window-commit", transaction);
  if (claim === undefined) {
    throw new InvalidEvidence("the transaction is no claim of a window", {
      code: "EVIDENCE_WRONG_KIND",
    });
  }
  return claim;
}

function compareIds(a: SignedTransaction, b: SignedTransaction): number {
  return compareBytes(transactionId(a.transaction), transactionId(b.transaction));
}
