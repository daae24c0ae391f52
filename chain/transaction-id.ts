/** The id of a transaction. */
import { Transaction } from "./types/transaction.ts";

/** The id does not cover the signature, so that nobody can give a transaction another id. */
export function transactionId(transaction: Transaction): Uint8Array {
  return Transaction.hashTreeRoot(transaction);
}
