/** The name of a transaction. */
import { Transaction } from "./types/transaction.ts";

/** The id leaves out the signature, so that nobody can rename a transaction. */
export function transactionId(transaction: Transaction): Uint8Array {
  return Transaction.hashTreeRoot(transaction);
}
