/** Many signed transactions in one request: the SSZ list that POST /v1/transactions/batch takes. */
import { ListCompositeType } from "@chainsafe/ssz";
import { SignedTransaction } from "../../../chain/types/transaction.ts";

export const MAX_BATCH_TRANSACTIONS = 1024;

export const TransactionBatch = new ListCompositeType(SignedTransaction, MAX_BATCH_TRANSACTIONS, {
  typeName: "TransactionBatch",
});
