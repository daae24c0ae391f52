/** What a waiting transaction of this node is about, and which other would be the same. */
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { isDuty } from "../../chain/transactions/fee.ts";
import { kindOf, type Payload, Transaction } from "../../chain/types/transaction.ts";
import type { OwnTransaction } from "./own-transactions.ts";

export function nonceOf({ signed }: OwnTransaction): number {
  return signed.transaction.nonce;
}

/** For the log. */
export function factsOf({ signed }: OwnTransaction): { kind: string; nonce: number; id: string } {
  const { transaction } = signed;
  const { nonce } = transaction;
  return { kind: kindOf(transaction), nonce, id: toHex(transactionId(transaction)) };
}

/** What the chain takes once at most, so that it does no harm to sign it for two nonces. */
export function isMovable(transaction: Transaction): boolean {
  return isDuty(transaction) || kindOf(transaction) === "register";
}

/** A node registers once, whatever it says of itself; a duty is the same when every byte is. */
export function isSameWish(transaction: Transaction, payload: Payload): boolean {
  if (!isMovable(transaction) || transaction.payload.selector !== payload.selector) return false;
  return kindOf(transaction) === "register" || hasPayload(transaction, payload);
}

export function hasPayload(transaction: Transaction, payload: Payload): boolean {
  const other = { ...transaction, payload };
  return equalBytes(Transaction.serialize(transaction), Transaction.serialize(other));
}

/** The least that takes the place of an equal one in a mempool: a tenth more. */
export function raised(fee: bigint): bigint {
  return fee + fee / 10n + 1n;
}
