/**
 * The Merkle tree over the checkpoint hashes of a training run: SHA-256, with different prefixes for leaves and inner
 * nodes. A single node at the end of a level moves up unchanged (the tree of RFC 6962).
 */
import { equalBytes, sha256 } from "../crypto/hash.ts";

const LEAF = Uint8Array.of(0);
const INNER = Uint8Array.of(1);

export interface MerkleProof {
  readonly index: number;
  /** Number of leaves in the tree. */
  readonly count: number;
  /** From the leaf's sibling up to the sibling below the root. */
  readonly siblings: readonly Uint8Array[];
}

/** The digest of a leaf in the tree; it reveals nothing about a leaf that cannot be guessed. */
export function leafDigest(leaf: Uint8Array): Uint8Array {
  return sha256(LEAF, leaf);
}

/** @throws RangeError without leaves */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return digestsRoot(leaves.map(leafDigest));
}

/**
 * `merkleRoot` for callers that have only the digests of the leaves.
 * @throws RangeError without leaves
 */
export function digestsRoot(digests: readonly Uint8Array[]): Uint8Array {
  const root = levelsOver(digests).at(-1)?.[0];
  if (root === undefined) throw new RangeError("Merkle tree without leaves");
  return root;
}

/** @throws RangeError when there is no leaf at `index` */
export function merkleProof(leaves: readonly Uint8Array[], index: number): MerkleProof {
  return digestsProof(leaves.map(leafDigest), index);
}

/**
 * `merkleProof` for callers that have only the digests of the leaves.
 * @throws RangeError as merkleProof
 */
export function digestsProof(digests: readonly Uint8Array[], index: number): MerkleProof {
  if (digests[index] === undefined) {
    throw new RangeError(`leaf ${index} of a Merkle tree with ${digests.length}`);
  }
  const siblings: Uint8Array[] = [];
  let at = index;
  for (const level of levelsOver(digests)) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) siblings.push(sibling);
    at >>>= 1;
  }
  return { index, count: digests.length, siblings };
}

/** True when `leaf` is at `proof.index` of the `proof.count` leaves under `root`. */
export function verifyMerkleProof(root: Uint8Array, leaf: Uint8Array, proof: MerkleProof): boolean {
  const { index, count, siblings } = proof;
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(index)) return false;
  if (index < 0 || index >= count || count > 2 ** 31) return false;
  let node = leafDigest(leaf);
  let used = 0;
  let at = index;
  for (let size = count; size > 1; size = (size + 1) >>> 1) {
    const hasSibling = (at ^ 1) < size;
    if (hasSibling) {
      const sibling = siblings[used++];
      if (sibling === undefined) return false;
      node = (at & 1) === 0 ? sha256(INNER, node, sibling) : sha256(INNER, sibling, node);
    }
    at >>>= 1;
  }
  return used === siblings.length && equalBytes(node, root);
}

/** All levels, starting with the digests of the leaves; the last one holds the root alone. */
function levelsOver(digests: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  let level = digests;
  const levels = [level];
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = level.slice(i, i + 2);
      if (left !== undefined) above.push(right === undefined ? left : sha256(INNER, left, right));
    }
    levels.push(above);
    level = above;
  }
  return levels;
}
