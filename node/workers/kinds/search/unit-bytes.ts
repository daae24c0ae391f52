/** Units and finds as bytes, both between the thread that searches and its process, and on a link. */
import { RUNNING_DIGEST_BYTES } from "../../../../chain/workload/search/segment-leaf.ts";
import { DIGEST_BYTES } from "../../../../ml/search/abi.ts";
import type { Find } from "../../../../ml/search/algorithm.ts";
import type { UnitResult } from "../../../../ml/search/search-units.ts";

/** Nonce of the smallest digest, that digest, the running digest. */
export const UNIT_BYTES = 8 + DIGEST_BYTES + RUNNING_DIGEST_BYTES;
export const FIND_BYTES = 8 + DIGEST_BYTES;

/** @param units consecutive ones, because their numbers are not written */
export function encodeUnits(units: readonly UnitResult[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(units.length * UNIT_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { minNonce, minDigest, running }] of units.entries()) {
    const at = index * UNIT_BYTES;
    view.setBigUint64(at, minNonce, true);
    bytes.set(minDigest, at + 8);
    bytes.set(running, at + 8 + DIGEST_BYTES);
  }
  return bytes;
}

/** @param first number of the first unit @throws RangeError if the length is not a multiple of UNIT_BYTES */
export function decodeUnits(bytes: Uint8Array, first: bigint): UnitResult[] {
  if (bytes.length === 0 || bytes.length % UNIT_BYTES !== 0) {
    throw new RangeError(`${bytes.length} bytes of units`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / UNIT_BYTES }, (_, index) => {
    const at = index * UNIT_BYTES;
    return {
      unit: first + BigInt(index),
      minNonce: view.getBigUint64(at, true),
      minDigest: bytes.slice(at + 8, at + 8 + DIGEST_BYTES),
      running: bytes.slice(at + 8 + DIGEST_BYTES, at + UNIT_BYTES),
    };
  });
}

export function encodeFind({ nonce, digest }: Find): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FIND_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, nonce, true);
  bytes.set(digest, 8);
  return bytes;
}

/** @throws RangeError for a wrong length */
export function decodeFind(bytes: Uint8Array): Find {
  if (bytes.length !== FIND_BYTES) throw new RangeError(`${bytes.length} bytes of a find`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { nonce: view.getBigUint64(0, true), digest: bytes.slice(8) };
}
