/**
 * What a participant commits to for a segment of its claim. A leaf contains job, round and key, so nobody can copy it,
 * and the running digest of every unit, so nobody can make it without hashing all of them.
 */
import { taggedHash, uint32Bytes } from "../../crypto/hash.ts";
import { segmentAt, segmentCount } from "./segments.ts";

/** Bytes of a running digest: XOR of the first 8 bytes of all digests of a unit. */
export const RUNNING_DIGEST_BYTES = 8;
const UNIT_BYTES = 16 + RUNNING_DIGEST_BYTES;

/** The result of searching a unit. */
export interface SearchedUnit {
  readonly unit: bigint;
  /** The nonce of the smallest digest; the lowest one if several are equal. */
  readonly minNonce: bigint;
  /** 8 bytes; secret until the segment is drawn. */
  readonly running: Uint8Array;
}

export interface ClaimKey {
  /** Id of the job. */
  readonly job: Uint8Array;
  readonly round: number;
  /** Public key of the participant. */
  readonly publicKey: Uint8Array;
}

/** @param units of the segment, in the order of the claim */
export function segmentLeaf(
  { job, round, publicKey }: ClaimKey,
  segment: number,
  units: readonly SearchedUnit[],
): Uint8Array {
  const bytes = new Uint8Array(UNIT_BYTES * units.length);
  const view = new DataView(bytes.buffer);
  units.forEach(({ unit, minNonce, running }, i) => {
    if (running.length !== RUNNING_DIGEST_BYTES) throw new RangeError("not a running digest");
    const at = UNIT_BYTES * i;
    view.setBigUint64(at, unit, true);
    view.setBigUint64(at + 8, minNonce, true);
    bytes.set(running, at + 16);
  });
  return taggedHash(
    "poml/search-segment/v1",
    job,
    uint32Bytes(round),
    publicKey,
    uint32Bytes(segment),
    bytes,
  );
}

/**
 * The leaves of the tree that a claim commits to: the base of the round, then its segments.
 * @param base of the round (`roundBase`)
 */
export function claimLeaves(
  key: ClaimKey,
  base: Uint8Array,
  units: readonly SearchedUnit[],
): Uint8Array[] {
  const segments = Array.from({ length: segmentCount(units.length) }, (_, segment) => {
    const { from, to } = segmentAt(units.length, segment);
    return segmentLeaf(key, segment, units.slice(from, to));
  });
  return [base, ...segments];
}
