/**
 * What a worker commits to for the slices of its lease: a Merkle root over leaves that contain the running digests. A
 * leaf contains the lease and the key, so nobody can copy it; and nobody can make it without hashing the whole slice.
 */
import { taggedHash, uint32Bytes } from "../../crypto/hash.ts";
import {
  type MerkleProof,
  merkleProof,
  merkleRoot,
  verifyMerkleProof,
} from "../../proof/hash-tree.ts";

/** Bytes of a running digest: XOR of the first 8 bytes of all digests of a slice. */
export const RUNNING_BYTES = 8;

export interface SliceClaim {
  /** The nonce of the smallest digest in the slice; the lowest one if several are equal. */
  readonly minNonce: bigint;
  /** 8 bytes; secret until the slice is drawn for a replay. */
  readonly running: Uint8Array;
}

export interface LeaseKey {
  /** 32 bytes. */
  readonly lease: Uint8Array;
  /** Public key of the worker's node. */
  readonly publicKey: Uint8Array;
}

export function sliceLeaf(
  { lease, publicKey }: LeaseKey,
  slice: number,
  { minNonce, running }: SliceClaim,
): Uint8Array {
  return taggedHash(
    "poml/search-slice/v1",
    lease,
    uint32Bytes(slice),
    publicKey,
    uint64Bytes(minNonce),
    running,
  );
}

/** @param slices of the whole lease, in order @throws RangeError without any */
export function claimRoot(key: LeaseKey, slices: readonly SliceClaim[]): Uint8Array {
  return merkleRoot(leavesOf(key, slices));
}

/**
 * Opens one slice of a claim.
 * @throws RangeError when there is no such slice
 */
export function sliceProof(
  key: LeaseKey,
  slices: readonly SliceClaim[],
  index: number,
): MerkleProof {
  return merkleProof(leavesOf(key, slices), index);
}

/** True when a replay of slice `index` with the result `slice` agrees with the claim under `root`. */
export function confirmsSlice(
  root: Uint8Array,
  key: LeaseKey,
  slice: SliceClaim,
  proof: MerkleProof,
): boolean {
  return verifyMerkleProof(root, sliceLeaf(key, proof.index, slice), proof);
}

/** XOR of two running digests: the running digest of both parts together. */
export function addRunning(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from(a, (byte, at) => byte ^ (b[at] ?? 0));
}

function leavesOf(key: LeaseKey, slices: readonly SliceClaim[]): Uint8Array[] {
  return slices.map((slice, index) => sliceLeaf(key, index, slice));
}

function uint64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
