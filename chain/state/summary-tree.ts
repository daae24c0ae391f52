/**
 * The SSZ tree that gives a state its root: `StateTree` with the records of the long lists summed up in
 * their roots, which leaves every root and every place in the tree as it is. The records themselves are
 * in the tables.
 */
import { type CompositeViewDU, ContainerType, ListCompositeType, type Type } from "@chainsafe/ssz";
import { Job } from "../types/job.ts";
import { NodeRecord } from "../types/node.ts";
import { Hash } from "../types/primitive.ts";
import {
  Claims,
  MAX_ACCOUNTS,
  MAX_JOBS,
  MAX_NODES,
  Meta,
  ParameterVotes,
  type SingleName,
  STATE_SINGLES,
  type StateSingles,
  StateTree,
  TrackEntries,
  Unbondings,
} from "../types/state.ts";
import { accountRoots } from "./account-roots.ts";
import { rootsOf } from "./batch-roots.ts";
import { jobList, packJobs } from "./job-tree.ts";
import type { StateChanges, StateParts } from "./state.ts";

const SummaryTree = new ContainerType(
  {
    ...StateTree.fields,
    accounts: new ListCompositeType(Hash, MAX_ACCOUNTS),
    registry: new ListCompositeType(Hash, MAX_NODES),
    jobs: new ListCompositeType(Hash, MAX_JOBS),
    claims: new ListCompositeType(Hash, Claims.limit),
    unbondings: new ListCompositeType(Hash, Unbondings.limit),
    parameterVotes: new ListCompositeType(Hash, ParameterVotes.limit),
    trackEntries: new ListCompositeType(Hash, TrackEntries.limit),
  },
  { typeName: "SummaryTree", jsonCase: "eth2" },
);
export type SummaryTree = CompositeViewDU<typeof SummaryTree>;

export function treeOf(parts: StateParts): SummaryTree {
  const tree = SummaryTree.toViewDU({
    meta: parts.meta,
    seats: [...parts.seats],
    nextSeats: [...parts.nextSeats],
    accounts: accountRoots(parts.accounts),
    registry: nodeRoots(parts.nodes),
    jobs: [],
    window: parts.window,
    claims: rootsIn("claims", parts.claims),
    unbondings: rootsIn("unbondings", parts.unbondings),
    parameterVotes: rootsIn("parameterVotes", parts.parameterVotes),
    timeMarks: [...parts.timeMarks],
    track: parts.track,
    trackEntries: rootsIn("trackEntries", parts.trackEntries),
    drawWeights: [...parts.drawWeights],
    nextDrawWeights: [...parts.nextDrawWeights],
  });
  tree.jobs = SummaryTree.fields.jobs.getViewDU(jobList(parts.jobs));
  tree.commit();
  return tree;
}

/** The same tree in less memory. @param firsts as `packJobs` */
export function packed(tree: SummaryTree, firsts: ReadonlySet<number>): SummaryTree {
  return firsts.size === 0 ? tree : SummaryTree.getViewDU(packJobs(tree.node, firsts));
}

/**
 * A new tree with changes laid on; the old one stays as it is.
 * @param before what `tree` was made of
 */
export function treeAfter(
  tree: SummaryTree,
  before: StateSingles,
  changes: StateChanges,
): SummaryTree {
  const after = SummaryTree.getViewDU(tree.node);
  after.meta = Meta.toViewDU(changes.meta);
  for (const name of changes.changedSingles) {
    if (isList(name)) layOnList(after, name, before[name], changes[name]);
    else if (name !== "meta") {
      Object.assign(after, { [name]: toView(STATE_SINGLES[name], changes[name]) });
    }
  }
  layOn(after.accounts, changes.accounts, accountRoots);
  layOn(after.registry, changes.nodes, nodeRoots);
  layOn(after.jobs, changes.jobs, jobRoots);
  after.batchHashTreeRoot();
  return after;
}

function toView(type: { toViewDU(value: never): unknown }, value: unknown): unknown {
  return type.toViewDU(value as never);
}

/** Lists of which a block changes few elements: those that are the same object have the same root. */
const LISTS = ["claims", "unbondings", "parameterVotes", "trackEntries"] as const;
type ListName = (typeof LISTS)[number];

function isList(name: SingleName): name is ListName {
  return LISTS.some((list) => list === name);
}

function rootsIn(name: ListName, values: readonly unknown[]): Uint8Array[] {
  return rootsOf(STATE_SINGLES[name].elementType as Type<unknown>, values);
}

function layOnList(
  tree: SummaryTree,
  name: ListName,
  before: readonly unknown[],
  after: readonly unknown[],
): void {
  if (after.length < before.length) {
    tree[name] =
      after.length === 0
        ? SummaryTree.fields[name].defaultViewDU()
        : tree[name].sliceTo(after.length - 1);
  }
  const changed: number[] = [];
  for (let i = 0; i < after.length; i++) if (after[i] !== before[i]) changed.push(i);
  const values = changed.map((i) => after[i]);
  setRoots(tree[name], changed, rootsIn(name, values));
}

interface RootList {
  readonly length: number;
  set(index: number, root: Uint8Array): void;
  push(root: Uint8Array): void;
}

function layOn<V>(
  list: RootList,
  records: ReadonlyMap<number, V>,
  rootsOf: (values: readonly V[]) => readonly Uint8Array[],
): void {
  const changes = [...records].sort(([a], [b]) => a - b);
  const roots = rootsOf(changes.map(([, value]) => value));
  setRoots(
    list,
    changes.map(([index]) => index),
    roots,
  );
}

/** @param indexes ascending */
function setRoots(list: RootList, indexes: readonly number[], roots: readonly Uint8Array[]): void {
  indexes.forEach((index, i) => {
    const root = roots[i];
    if (root === undefined) throw new RangeError(`no root for record ${index}`);
    if (index < list.length) list.set(index, root);
    else list.push(root);
  });
}

function nodeRoots(nodes: readonly NodeRecord[]): Uint8Array[] {
  return rootsOf(NodeRecord, nodes);
}

function jobRoots(jobs: readonly Job[]): Uint8Array[] {
  return rootsOf(Job, jobs);
}
