/**
 * The jobs in the tree of the state: leaves with their roots. Where all jobs of a stretch are settled, one packed
 * node stands for them.
 */
import {
  BranchNode,
  LeafNode,
  type Node,
  setNodesAtDepth,
  Tree,
  zeroNode,
} from "@chainsafe/persistent-merkle-tree";
import { Job } from "../types/job.ts";
import { StateTree } from "../types/state.ts";
import { isUnsettled, type JobSlot, type JobSlots } from "./job-slots.ts";
import { PACK_DEPTH, PACKED, PackedRoots, rootAt, rootsUnder, subtreeOf } from "./packed-roots.ts";

/** Levels of the list above the packed ones. */
const DEPTH = StateTree.fields.jobs.chunkDepth - PACK_DEPTH;

/** The list as its type lays it out: contents, and its length. */
export function jobList(slots: JobSlots): Node {
  const nodes: Node[] = [];
  for (const stretch of stretches(slots)) nodes.push(nodeOf(stretch));
  const places = nodes.map((_, i) => i);
  const contents = setNodesAtDepth(zeroNode(DEPTH + PACK_DEPTH), DEPTH, places, nodes);
  return new BranchNode(contents, LeafNode.fromUint32(slots.length));
}

function* stretches(slots: JobSlots): Generator<JobSlot[]> {
  let stretch: JobSlot[] = [];
  for (const slot of slots) {
    stretch.push(slot);
    if (stretch.length < PACKED) continue;
    yield stretch;
    stretch = [];
  }
  if (stretch.length > 0) yield stretch;
}

function nodeOf(stretch: readonly JobSlot[]): Node {
  const roots = stretch.map((slot) => (slot instanceof Uint8Array ? slot : Job.hashTreeRoot(slot)));
  const isPast = stretch.every((slot) => slot instanceof Uint8Array || !isUnsettled(slot));
  if (!isPast || roots.length < PACKED) return subtreeOf(roots);
  return PackedRoots.of(roots);
}

/** Of the state's tree. @throws where there is no such job */
export function jobRoot(state: Node, index: number): Uint8Array {
  return new Tree(state).getRoot(StateTree.getPathInfo(["jobs", index]).gindex);
}

/**
 * The jobs as they are in this tree, whatever becomes of the state it is of.
 * @param open the jobs under way, by index
 */
export function jobSlots(state: Node, length: number, open: ReadonlyMap<number, Job>): JobSlots {
  return {
    length,
    *[Symbol.iterator](): Generator<JobSlot> {
      const tree = new Tree(state);
      for (let first = 0; first < length; first += PACKED) {
        const roots = rootsUnder(tree.getNode(stretchIndex(first)));
        for (let i = 0; i < PACKED && first + i < length; i++) {
          yield open.get(first + i) ?? rootAt(roots, i);
        }
      }
    },
  };
}

/**
 * The state's tree with the stretches of these jobs packed; its root is the same.
 * @param firsts the first index of each stretch; all of its jobs are there, and settled
 */
export function packJobs(state: Node, firsts: Iterable<number>): Node {
  const tree = new Tree(state);
  for (const first of firsts) {
    const at = stretchIndex(first);
    const node = tree.getNode(at);
    if (!(node instanceof PackedRoots)) tree.setNode(at, new PackedRoots(rootsUnder(node)));
  }
  return tree.rootNode;
}

function stretchIndex(first: number): bigint {
  return StateTree.getPathInfo(["jobs", first]).gindex >> BigInt(PACK_DEPTH);
}
