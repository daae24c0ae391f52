/** A final block as entries of the database: the block itself, and the indexes that refer to it. */
import { blockHash } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { CertifiedBlock } from "../../chain/types/block.ts";
import { put, remove, type Write } from "./database.ts";
import { decodeEntry } from "./decode-entry.ts";
import { bytesKey, type Key, numberKey, ratingChangeKey, recordKey } from "./keys.ts";
import { StoreError } from "./store-error.ts";

export interface TransactionPlace {
  readonly height: number;
  readonly index: number;
}

export interface IndexEntry {
  readonly key: Key;
  readonly value: Uint8Array;
}

/** All indexes that refer to a block. */
export function indexEntries({ block }: CertifiedBlock, hash: Uint8Array): IndexEntry[] {
  const { height } = block.header;
  const at = heightBytes(height);
  return [
    { key: bytesKey("blockHash", hash), value: at },
    ...block.body.transactions.map(({ transaction }, index) => ({
      key: bytesKey("transaction", transactionId(transaction)),
      value: placeBytes({ height, index }),
    })),
    ...block.body.records.map(({ job, round }) => ({ key: recordKey(job, round), value: at })),
    ...block.body.ratingChanges.map(({ node }) => ({
      key: ratingChangeKey(node, height),
      value: at,
    })),
  ];
}

export function blockWrites(certified: CertifiedBlock, hash: Uint8Array): Write[] {
  const { height } = certified.block.header;
  return [
    put(numberKey("block", height), CertifiedBlock.serialize(certified)),
    ...indexEntries(certified, hash).map(({ key, value }) => put(key, value)),
  ];
}

/** Removes a block and everything that refers to it from the database. */
export function blockRemovals(certified: CertifiedBlock, hash: Uint8Array): Write[] {
  const { height } = certified.block.header;
  return [
    remove(numberKey("block", height)),
    ...indexEntries(certified, hash).map(({ key }) => remove(key)),
  ];
}

/**
 * A block as stored, with the hash of its header.
 * @throws StoreError DAMAGED_STORE when it is not a block of this height that its certificate names
 */
export function decodeBlock(
  bytes: Uint8Array,
  height: number,
): { certified: CertifiedBlock; hash: Uint8Array } {
  const certified = decodeEntry(`block ${height}`, CertifiedBlock, bytes);
  const { header } = certified.block;
  if (header.height !== height) {
    throw StoreError.damaged(`block ${height} holds height ${header.height}`);
  }
  const hash = blockHash(header);
  if (!equalBytes(hash, certified.certificate.blockHash)) {
    throw StoreError.damaged(`block ${height} is not the one its certificate names`);
  }
  return { certified, hash };
}

export function heightBytes(height: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, height);
  return bytes;
}

/** @throws StoreError DAMAGED_STORE */
export function readHeight(bytes: Uint8Array): number {
  if (bytes.length !== 4) throw StoreError.damaged("a height entry has a wrong length");
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function placeBytes({ height, index }: TransactionPlace): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, height);
  view.setUint32(4, index);
  return bytes;
}

/** @throws StoreError DAMAGED_STORE */
export function readPlace(bytes: Uint8Array): TransactionPlace {
  if (bytes.length !== 8) throw StoreError.damaged("a transaction entry has a wrong length");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { height: view.getUint32(0), index: view.getUint32(4) };
}
