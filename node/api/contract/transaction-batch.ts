/** Many signed transactions in one request: the SSZ list that POST /v1/transactions/batch takes. */
import { ByteListType, ListCompositeType } from "@chainsafe/ssz";
import { SignedTransaction } from "../../../chain/types/transaction.ts";

export const MAX_BATCH_TRANSACTIONS = 1024;
const MAX_TRANSACTION_BYTES = 64 * 1024;

export const TransactionBatch = new ListCompositeType(SignedTransaction, MAX_BATCH_TRANSACTIONS, {
  typeName: "TransactionBatch",
});

/** The same bytes, for callers that already have encoded transactions. */
export const EncodedBatch = new ListCompositeType(
  new ByteListType(MAX_TRANSACTION_BYTES),
  MAX_BATCH_TRANSACTIONS,
);
