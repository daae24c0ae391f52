/**
 * A checksum on every value of the database. LevelDB returns damaged, missing and outdated values without an error;
 * this detects the damaged ones at every read.
 */
import { crc32 } from "node:zlib";
import type { Key } from "./keys.ts";

const SEAL_BYTES = 4;

/** The value, followed by the CRC-32 of value and key. */
export function seal(key: Key, value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(value.length + SEAL_BYTES);
  sealed.set(value);
  new DataView(sealed.buffer).setUint32(value.length, checksum(key, value));
  return sealed;
}

/** The value, or undefined when it differs from what was written under this key. */
export function unseal(key: Key, sealed: Uint8Array): Uint8Array | undefined {
  const end = sealed.length - SEAL_BYTES;
  if (end < 0) return undefined;
  const value = sealed.subarray(0, end);
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  return view.getUint32(end) === checksum(key, value) ? value : undefined;
}

function checksum(key: Key, value: Uint8Array): number {
  // The key last: zlib resets the running value when it gets no bytes.
  return crc32(key, crc32(value));
}
