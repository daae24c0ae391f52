/**
 * Transactions travel in batches: one gossip message holds a list of encoded transactions and a number. Gossip drops
 * messages that it has seen before. With another number the same transactions make a new message, so they can be
 * offered again to a neighbour that refused them a moment ago.
 */
import { ByteListType, ContainerType, ListCompositeType, UintNumberType } from "@chainsafe/ssz";
import { DecodeError } from "../../chain/errors.ts";
import { TOPICS } from "./topics.ts";

export const MAX_BATCH = 512;
const MAX_BYTES = TOPICS.transactions.maxBytes;
/** SSZ puts one 4-byte offset before each element. */
const OFFSET_BYTES = 4;
/** The number, and the offset of the list. */
const HEAD_BYTES = 8;

const BatchType = new ContainerType(
  {
    offer: new UintNumberType(4),
    transactions: new ListCompositeType(new ByteListType(MAX_BYTES), MAX_BATCH),
  },
  { typeName: "TransactionBatch", jsonCase: "eth2" },
);

/**
 * Packs encoded transactions, in order, into as few messages as the size limits allow.
 * @param offer a number not used before for these transactions
 * @throws RangeError for a transaction that fits into no message
 */
export function encodeBatches(transactions: readonly Uint8Array[], offer = 0): Uint8Array[] {
  const batches: Uint8Array[] = [];
  let batch: Uint8Array[] = [];
  let size = HEAD_BYTES;
  for (const transaction of transactions) {
    const bytes = transaction.length + OFFSET_BYTES;
    if (HEAD_BYTES + bytes > MAX_BYTES) {
      const most = MAX_BYTES - HEAD_BYTES - OFFSET_BYTES;
      throw new RangeError(`transaction: expected at most ${most} bytes`);
    }
    if (batch.length === MAX_BATCH || size + bytes > MAX_BYTES) {
      batches.push(BatchType.serialize({ offer, transactions: batch }));
      batch = [];
      size = HEAD_BYTES;
    }
    batch.push(transaction);
    size += bytes;
  }
  if (batch.length > 0) batches.push(BatchType.serialize({ offer, transactions: batch }));
  return batches;
}

export interface TransactionBatch {
  readonly offer: number;
  /** Encoded; at least one, none of them empty. */
  readonly transactions: readonly Uint8Array[];
}

/** @throws DecodeError */
export function decodeBatch(message: Uint8Array): TransactionBatch {
  if (message.length > MAX_BYTES) throw new DecodeError("transaction batch", "over 256 KiB");
  let batch: TransactionBatch;
  try {
    batch = BatchType.deserialize(message);
  } catch (error) {
    throw new DecodeError("transaction batch", "not a number and a list of byte lists", error);
  }
  const { transactions } = batch;
  if (transactions.length === 0) throw new DecodeError("transaction batch", "empty");
  if (transactions.some((transaction) => transaction.length === 0)) {
    throw new DecodeError("transaction batch", "an empty transaction");
  }
  return batch;
}
