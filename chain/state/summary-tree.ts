/**
 * The SSZ tree that gives a state its root: `StateTree`, with the records of the long lists replaced by their roots.
 * This changes neither the roots nor the places in the tree. The records themselves are in the tables.
 */
import { type CompositeViewDU, ContainerType, ListCompositeType, type Type } from "@chainsafe/ssz";
import { Hash } from "../types/primitive.ts";
import { StateTree } from "../types/state.ts";
import { rootsOf } from "./batch-roots.ts";
import { packSlots, slotList } from "./slot-tree.ts";
import type { Slots } from "./slots.ts";
import {
  SINGLE_NAMES,
  type SingleName,
  type StateChanges,
  type StateParts,
  type StateSingles,
  singleType,
} from "./state-parts.ts";
import { rowOf, TABLE_NAMES, type TableList, type TableRow } from "./tables.ts";

/** Lists of which a block changes few elements: the same object always has the same root. */
const SUMMED = [
  "claims",
  "unbondings",
  "parameterVotes",
  "algorithmVotes",
  "trackEntries",
] as const;
type Summed = (typeof SUMMED)[number];
type RootsName = Summed | TableList;

type Roots = ListCompositeType<typeof Hash>;
type RootsView = CompositeViewDU<Roots>;

/** Replaces the lists of records by lists of their roots. */
function rootsFields(): Record<RootsName, Roots> {
  const names: readonly RootsName[] = [...SUMMED, ...TABLE_NAMES.map((name) => rowOf(name).list)];
  const entries = names.map((name) => {
    return [name, new ListCompositeType(Hash, StateTree.fields[name].limit)] as const;
  });
  return Object.fromEntries(entries) as Record<RootsName, Roots>;
}

const SummaryTree = new ContainerType(
  { ...StateTree.fields, ...rootsFields() },
  { typeName: "SummaryTree", jsonCase: "eth2" },
);
export type SummaryTree = CompositeViewDU<typeof SummaryTree>;

export function treeOf(parts: StateParts): SummaryTree {
  const values: Record<string, unknown> = {};
  for (const name of SINGLE_NAMES) {
    values[name] = isSummed(name) ? rootsIn(name, parts[name]) : parts[name];
  }
  const forgetting: [TableRow<unknown>, Slots<unknown>][] = [];
  for (const name of TABLE_NAMES) {
    const row = rowOf(name);
    if (row.forgets === true) forgetting.push([row, parts[name]]);
    values[row.list] = row.forgets === true ? [] : recordRoots(row, [...parts[name]]);
  }
  const tree = SummaryTree.toViewDU(values as Parameters<typeof SummaryTree.toViewDU>[0]);
  for (const [row, slots] of forgetting) {
    tree[row.list] = SummaryTree.fields[row.list].getViewDU(slotList(row, slots));
  }
  tree.commit();
  return tree;
}

/**
 * The same tree with less memory.
 * @param firsts as in `packSlots`
 */
export function packed(
  tree: SummaryTree,
  list: TableList,
  firsts: ReadonlySet<number>,
): SummaryTree {
  return firsts.size === 0 ? tree : SummaryTree.getViewDU(packSlots(tree.node, list, firsts));
}

/**
 * A new tree with the changes applied; the old one stays unchanged.
 * @param before the parts from which `tree` was made
 */
export function treeAfter(
  tree: SummaryTree,
  before: StateSingles,
  changes: StateChanges,
): SummaryTree {
  const after = SummaryTree.getViewDU(tree.node);
  for (const name of changes.changedSingles) {
    if (isSummed(name)) layOnSummed(after, name, before[name], changes[name]);
    else Object.assign(after, { [name]: toView(name, changes[name]) });
  }
  for (const name of TABLE_NAMES) {
    const row = rowOf(name);
    layOn(after[row.list], row, changes[name]);
  }
  after.batchHashTreeRoot();
  return after;
}

function toView(name: SingleName, value: unknown): unknown {
  return (singleType(name) as unknown as { toViewDU(value: unknown): unknown }).toViewDU(value);
}

function isSummed(name: SingleName): name is Summed {
  return SUMMED.some((list) => list === name);
}

function rootsIn(name: Summed, values: readonly unknown[]): Uint8Array[] {
  const elementType = StateTree.fields[name].elementType as unknown as Type<unknown>;
  return rootsOf(elementType, values);
}

function recordRoots<V>(row: TableRow<V>, values: readonly V[]): readonly Uint8Array[] {
  return row.rootsOf?.(values) ?? rootsOf(row.type, values);
}

function layOnSummed(
  tree: SummaryTree,
  name: Summed,
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

function layOn<V>(list: RootsView, row: TableRow<V>, records: ReadonlyMap<number, V>): void {
  const changes = [...records].sort(([a], [b]) => a - b);
  const roots = recordRoots(
    row,
    changes.map(([, value]) => value),
  );
  setRoots(
    list,
    changes.map(([index]) => index),
    roots,
  );
}

/** @param indexes ascending */
function setRoots(list: RootsView, indexes: readonly number[], roots: readonly Uint8Array[]): void {
  indexes.forEach((index, i) => {
    const root = roots[i];
    if (root === undefined) throw new RangeError(`no root for record ${index}`);
    if (index < list.length) list.set(index, root);
    else list.push(root);
  });
}
