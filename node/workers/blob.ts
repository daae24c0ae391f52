/**
 * Large data on the link, named by its SHA-256: the table of a task's inputs, and the receiver that joins the parts.
 * Sizes are checked before memory is allocated.
 */
import { createHash } from "node:crypto";
import { HASH_BYTES, sha256, toHex } from "../../chain/crypto/hash.ts";
import { breach, requireWithin } from "./worker-error.ts";

/** A part on the wire; small enough for a slow link within one or two heartbeats. */
export const PART_BYTES = 1024 * 1024;
export const MAX_BLOB_BYTES = 256 * 1024 * 1024;
/** All inputs of one task together. */
const MAX_TASK_BYTES = 1024 * 1024 * 1024;
export const MAX_INPUTS = 65_536;

const ENTRY_BYTES = HASH_BYTES + 4;

export interface BlobRef {
  /** SHA-256, hex. */
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
}

export function refOf(bytes: Uint8Array): BlobRef {
  return { hash: toHex(sha256(bytes)), size: bytes.length };
}

/** @throws WorkerError TOO_LARGE */
export function encodeTable(refs: readonly BlobRef[]): Uint8Array {
  requireTaskWithin(refs);
  const table = new Uint8Array(refs.length * ENTRY_BYTES);
  const view = new DataView(table.buffer);
  refs.forEach(({ hash, size }, i) => {
    table.set(Buffer.from(hash, "hex"), i * ENTRY_BYTES);
    view.setUint32(i * ENTRY_BYTES + HASH_BYTES, size, true);
  });
  return table;
}

/** @throws WorkerError PROTOCOL, TOO_LARGE */
export function decodeTable(table: Uint8Array): BlobRef[] {
  if (table.length % ENTRY_BYTES !== 0) throw breach(`an input table of ${table.length} bytes`);
  requireWithin("inputs of a task", table.length / ENTRY_BYTES, MAX_INPUTS);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const refs = Array.from({ length: table.length / ENTRY_BYTES }, (_, i) => {
    const at = i * ENTRY_BYTES;
    const hash = toHex(table.subarray(at, at + HASH_BYTES));
    return { hash, size: view.getUint32(at + HASH_BYTES, true) };
  });
  requireTaskWithin(refs);
  return refs;
}

export function encodeIndexes(indexes: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(indexes.length * 4));
  indexes.forEach((index, i) => {
    view.setUint32(i * 4, index, true);
  });
  return new Uint8Array(view.buffer);
}

/** Ascending and below `limit`. @throws WorkerError PROTOCOL */
export function decodeIndexes(bytes: Uint8Array, limit: number): number[] {
  if (bytes.length % 4 !== 0 || bytes.length > limit * 4) {
    throw breach(`an index list of ${bytes.length} bytes for ${limit} inputs`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let previous = -1;
  return Array.from({ length: bytes.length / 4 }, (_, i) => {
    const index = view.getUint32(i * 4, true);
    if (index <= previous || index >= limit) throw breach(`index ${index} of ${limit} inputs`);
    previous = index;
    return index;
  });
}

/** Receives one blob, part after part. */
export class BlobReceiver {
  readonly ref: BlobRef;
  readonly #bytes: Uint8Array;
  /** Part by part: hashing the whole at once would block everything else. */
  readonly #digest = createHash("sha256");
  #filled = 0;

  /** @param limit of the size, checked before allocation @throws WorkerError TOO_LARGE */
  constructor(ref: BlobRef, limit: number) {
    requireWithin("bytes announced", ref.size, limit);
    this.ref = ref;
    this.#bytes = new Uint8Array(ref.size);
  }

  /**
   * @returns all bytes when this was the last part
   * @throws WorkerError PROTOCOL
   */
  accept(offset: number, part: Uint8Array): Uint8Array | undefined {
    if (offset !== this.#filled || part.length === 0) throw breach(`a part at ${offset}`);
    if (offset + part.length > this.ref.size) throw breach("more bytes than announced");
    this.#bytes.set(part, offset);
    this.#digest.update(part);
    this.#filled += part.length;
    if (this.#filled < this.ref.size) return undefined;
    if (this.#digest.digest("hex") !== this.ref.hash) throw breach("bytes with another hash");
    return this.#bytes;
  }
}

function requireTaskWithin(refs: readonly BlobRef[]): void {
  requireWithin("inputs of a task", refs.length, MAX_INPUTS);
  for (const { size } of refs) {
    if (size === 0) throw breach("an empty input");
    requireWithin("bytes of an input", size, MAX_BLOB_BYTES);
  }
  const total = refs.reduce((sum, { size }) => sum + size, 0);
  requireWithin("bytes of a task", total, MAX_TASK_BYTES);
}
