/**
 * A table that forgets, in the tree of the state: the leaves are the roots of its records. When all records of a
 * stretch have left the table, one packed node replaces them.
 */
import {
  BranchNode,
  LeafNode,
  type Node,
  setNodesAtDepth,
  Tree,
  zeroNode,
} from "@chainsafe/persistent-merkle-tree";
import { StateTree } from "../types/state.ts";
import { PACK_DEPTH, PACKED, PackedRoots, rootAt, rootsUnder, subtreeOf } from "./packed-roots.ts";
import type { Slot, Slots } from "./slots.ts";
import type { TableList, TableRow } from "./tables.ts";

/** The list in the layout of its type: contents, and its length. */
export function slotList<V>(row: TableRow<V>, slots: Slots<V>): Node {
  const nodes: Node[] = [];
  for (const stretch of stretches(slots)) nodes.push(nodeOf(row, stretch));
  const places = nodes.map((_, i) => i);
  const depth = StateTree.fields[row.list].chunkDepth;
  const contents = setNodesAtDepth(zeroNode(depth), depth - PACK_DEPTH, places, nodes);
  return new BranchNode(contents, LeafNode.fromUint32(slots.length));
}

function* stretches<V>(slots: Slots<V>): Generator<Slot<V>[]> {
  let stretch: Slot<V>[] = [];
  for (const slot of slots) {
    stretch.push(slot);
    if (stretch.length < PACKED) continue;
    yield stretch;
    stretch = [];
  }
  if (stretch.length > 0) yield stretch;
}

function nodeOf<V>({ type, isActive }: TableRow<V>, stretch: readonly Slot<V>[]): Node {
  const roots = stretch.map((slot) =>
    slot instanceof Uint8Array ? slot : type.hashTreeRoot(slot),
  );
  const isPast = stretch.every((slot) => slot instanceof Uint8Array || isActive?.(slot) !== true);
  if (!isPast || roots.length < PACKED) return subtreeOf(roots);
  return PackedRoots.of(roots);
}

/**
 * From the state's tree.
 * @throws when there is no such record
 */
export function slotRoot(state: Node, list: TableList, index: number): Uint8Array {
  return new Tree(state).getRoot(StateTree.getPathInfo([list, index]).gindex);
}

/**
 * The records as they are in this tree, even if the state changes afterwards.
 * @param active the active records, by index
 */
export function slotsIn<V>(
  state: Node,
  list: TableList,
  length: number,
  active: ReadonlyMap<number, V>,
): Slots<V> {
  return {
    length,
    *[Symbol.iterator](): Generator<Slot<V>> {
      const tree = new Tree(state);
      for (let first = 0; first < length; first += PACKED) {
        const roots = rootsUnder(tree.getNode(stretchIndex(list, first)));
        for (let i = 0; i < PACKED && first + i < length; i++) {
          yield active.get(first + i) ?? rootAt(roots, i);
        }
      }
    },
  };
}

/**
 * The state's tree with these stretches of a list packed; its root is the same.
 * @param firsts the first index of each stretch; all its records exist and have left the table
 */
export function packSlots(state: Node, list: TableList, firsts: Iterable<number>): Node {
  const tree = new Tree(state);
  for (const first of firsts) {
    const at = stretchIndex(list, first);
    const node = tree.getNode(at);
    if (!(node instanceof PackedRoots)) tree.setNode(at, new PackedRoots(rootsUnder(node)));
  }
  return tree.rootNode;
}

function stretchIndex(list: TableList, first: number): bigint {
  return StateTree.getPathInfo([list, first]).gindex >> BigInt(PACK_DEPTH);
}
