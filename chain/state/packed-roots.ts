/**
 * 64 roots in one node of a tree: it takes 44 bytes per root, instead of about 200 for leaves and the branches above
 * them. The leaves are created when a proof walks down to them, and dropped afterwards.
 */
import type { HashObject } from "@chainsafe/as-sha256";
import {
  getNodesAtDepth,
  hashInto,
  hashObjectToUint8Array,
  LeafNode,
  Node,
  subtreeFillToContents,
  uint8ArrayToHashObject,
} from "@chainsafe/persistent-merkle-tree";

/** Number of levels of a tree that one packed node replaces. */
export const PACK_DEPTH = 6;
export const PACKED = 2 ** PACK_DEPTH;
const ROOT = 32;

export class PackedRoots extends Node {
  readonly #roots: Uint8Array;

  /** @param roots PACKED of them, one after another; do not write to them afterwards */
  constructor(roots: Uint8Array) {
    if (roots.length !== PACKED * ROOT) throw new RangeError(`${roots.length} bytes of roots`);
    const { h0, h1, h2, h3, h4, h5, h6, h7 } = uint8ArrayToHashObject(rootOver(roots));
    super(h0, h1, h2, h3, h4, h5, h6, h7);
    this.#roots = roots;
  }

  /** @param roots PACKED of them */
  static of(roots: readonly Uint8Array[]): PackedRoots {
    const joined = new Uint8Array(roots.length * ROOT);
    roots.forEach((root, i) => {
      joined.set(root, i * ROOT);
    });
    return new PackedRoots(joined);
  }

  get roots(): Uint8Array {
    return this.#roots;
  }

  get rootHashObject(): HashObject {
    return this;
  }

  get root(): Uint8Array {
    return hashObjectToUint8Array(this);
  }

  get left(): Node {
    return this.#unpacked().left;
  }

  get right(): Node {
    return this.#unpacked().right;
  }

  isLeaf(): boolean {
    return false;
  }

  #unpacked(): Node {
    return subtreeOf(Array.from({ length: PACKED }, (_, i) => rootAt(this.#roots, i)));
  }
}

/** The subtree over up to PACKED roots, unpacked. */
export function subtreeOf(roots: readonly Uint8Array[]): Node {
  return subtreeFillToContents(roots.map(LeafNode.fromRoot), PACK_DEPTH);
}

/**
 * The roots below such a node, packed or not, one after another.
 * @returns do not write to it
 */
export function rootsUnder(node: Node): Uint8Array {
  if (node instanceof PackedRoots) return node.roots;
  const roots = new Uint8Array(PACKED * ROOT);
  getNodesAtDepth(node, PACK_DEPTH, 0, PACKED).forEach((leaf, i) => {
    roots.set(leaf.root, i * ROOT);
  });
  return roots;
}

/** A view of one root. */
export function rootAt(roots: Uint8Array, i: number): Uint8Array {
  return roots.subarray(i * ROOT, (i + 1) * ROOT);
}

function rootOver(roots: Uint8Array): Uint8Array {
  let level = roots;
  while (level.length > ROOT) {
    const above = new Uint8Array(level.length / 2);
    hashInto(level, above);
    level = above;
  }
  return level;
}
