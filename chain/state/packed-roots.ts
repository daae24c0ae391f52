/**
 * 64 roots as one node of a tree: 44 bytes a root instead of some 200 for leaves and the branches above them.
 * The leaves come into being where somebody walks down to them, for a proof, and go again.
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

/** Levels of a tree that one node stands for. */
export const PACK_DEPTH = 6;
export const PACKED = 2 ** PACK_DEPTH;
const ROOT = 32;

export class PackedRoots extends Node {
  readonly #roots: Uint8Array;

  /** @param roots PACKED of them, one after the other; not to be written to afterwards */
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

/** The subtree over up to PACKED roots that is not packed. */
export function subtreeOf(roots: readonly Uint8Array[]): Node {
  return subtreeFillToContents(roots.map(LeafNode.fromRoot), PACK_DEPTH);
}

/** The roots under such a node, packed or not, one after the other. @returns not to be written to */
export function rootsUnder(node: Node): Uint8Array {
  if (node instanceof PackedRoots) return node.roots;
  const roots = new Uint8Array(PACKED * ROOT);
  getNodesAtDepth(node, PACK_DEPTH, 0, PACKED).forEach((leaf, i) => {
    roots.set(leaf.root, i * ROOT);
  });
  return roots;
}

/** A view of one of them. */
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
