/** A block given by height and hash, as the database stores its head and its base: height u32, then the hash. */
import { heightBytes, readHeight } from "./block-entries.ts";
import { StoreError } from "./store-error.ts";

export interface StoredHead {
  readonly height: number;
  readonly hash: Uint8Array;
}

const HEIGHT_BYTES = 4;
const BYTES = HEIGHT_BYTES + 32;

export function headBytes({ height, hash }: StoredHead): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  bytes.set(heightBytes(height), 0);
  bytes.set(hash, HEIGHT_BYTES);
  return bytes;
}

/** @throws StoreError DAMAGED_STORE */
export function readHead(name: string, bytes: Uint8Array): StoredHead {
  if (bytes.length !== BYTES) throw StoreError.damaged(`the ${name} entry has a wrong length`);
  return { height: readHeight(bytes.subarray(0, HEIGHT_BYTES)), hash: bytes.slice(HEIGHT_BYTES) };
}
