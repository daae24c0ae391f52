/**
 * Detects a node that claims different work for one benchmark window: the first claim of each node is remembered for a
 * while, and a different second claim is evidence.
 */
import { toHex } from "../../chain/crypto/hash.ts";
import type { KnownProof } from "../../chain/evidence/check-evidence.ts";
import { claimOf, isSameWork, makeDuplicateClaim } from "../../chain/evidence/duplicate-claim.ts";
import { payloadIf, type SignedTransaction } from "../../chain/types/transaction.ts";

/** Number of claims that are remembered; the oldest are forgotten first. */
const LIMIT = 4096;

export class ClaimWatch {
  readonly #first = new Map<string, SignedTransaction>();

  /**
   * Handles a transaction with a valid signature.
   * @returns proof of a fault
   */
  see(signed: SignedTransaction): KnownProof | undefined {
    const { transaction } = signed;
    const claim = payloadIf("window-commit", transaction);
    if (claim === undefined) return undefined;
    const key = `${toHex(transaction.sender)}/${claim.window}`;
    const known = this.#first.get(key);
    if (known === undefined) {
      this.#remember(key, signed);
      return undefined;
    }
    if (isSameWork(claimOf(known), claim)) return undefined;
    return { kind: "duplicate-claim", value: makeDuplicateClaim(known, signed) };
  }

  #remember(key: string, signed: SignedTransaction): void {
    const oldest = this.#first.keys().next();
    if (this.#first.size >= LIMIT && !oldest.done) this.#first.delete(oldest.value);
    this.#first.set(key, signed);
  }
}
