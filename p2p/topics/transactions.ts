/** Transactions travel in batches: one gossip message is an SSZ list of encoded transactions. */
import { ByteListType, ListCompositeType } from "@chainsafe/ssz";
import { DecodeError } from "../../chain/errors.ts";
import { TOPICS } from "./topics.ts";

export const MAX_BATCH = 512;
const MAX_BYTES = TOPICS.transactions.maxBytes;
/** SSZ puts one 4-byte offset before each element. */
const OFFSET_BYTES = 4;

const BatchType = new ListCompositeType(new ByteListType(MAX_BYTES), MAX_BATCH);

/**
 * Packs encoded transactions, in order, into as few messages as the caps allow.
 * @throws RangeError for a transaction that fits in no message
 */
export function encodeBatches(transactions: readonly Uint8Array[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const transaction of transactions) {
    const bytes = transaction.length + OFFSET_BYTES;
    if (bytes > MAX_BYTES) {
      throw new RangeError(`transaction: expected at most ${MAX_BYTES - OFFSET_BYTES} bytes`);
    }
    if (batch.length === MAX_BATCH || size + bytes > MAX_BYTES) {
      batches.push(BatchType.serialize(batch));
      batch = [];
      size = 0;
    }
    batch.push(transaction);
    size += bytes;
  }
  if (batch.length > 0) batches.push(BatchType.serialize(batch));
  return batches;
}

/**
 * The encoded transactions of one message, at least one and none empty.
 * @throws DecodeError
 */
export function decodeBatch(message: Uint8Array): Uint8Array[] {
  if (message.length > MAX_BYTES) throw new DecodeError("transaction batch", "over 256 KiB");
  let batch: Uint8Array[];
  try {
    batch = BatchType.deserialize(message);
  } catch (error) {
    throw new DecodeError("transaction batch", "not a list of byte lists", error);
  }
  if (batch.length === 0) throw new DecodeError("transaction batch", "empty");
  if (batch.some((transaction) => transaction.length === 0)) {
    throw new DecodeError("transaction batch", "an empty transaction");
  }
  return batch;
}
