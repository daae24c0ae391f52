/** What a waiting transaction of this node is about, and which other transaction would be the same. */
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

/** True for a transaction that the chain accepts only once, so that signing it for two nonces does no harm. */
export function isMovable(transaction: Transaction): boolean {
  return isDuty(transaction) || kindOf(transaction) === "register";
}

/** A node registers once, whatever the registration contains; two duties are the same if all bytes are equal. */
export function isSameWish(transaction: Transaction, payload: Payload): boolean {
  if (!isMovable(transaction) || transaction.payload.selector !== payload.selector) return false;
  return kindOf(transaction) === "register" || hasPayload(transaction, payload);
}

export function hasPayload(transaction: Transaction, payload: Payload): boolean {
  const other = { ...transaction, payload };
  return equalBytes(Transaction.serialize(transaction), Transaction.serialize(other));
}

/** The smallest fee that replaces an equal transaction in a mempool: a tenth more. */
export function raised(fee: bigint): bigint {
  return fee + fee / 10n + 1n;
}

/**
 * The fee that replaces a transaction which peers may hold under the same nonce.
 * @param fee at least this
 * @param held the fee of that transaction; undefined if there is none
 * @param balance the account's: a fee that it cannot pay is not raised
 */
export function replacingFee(fee: bigint, held: bigint | undefined, balance: bigint): bigint {
  if (held === undefined) return fee;
  const over = raised(held > fee ? held : fee);
  return balance > over ? over : fee;
}
