/**
 * The parts of a state, as the store and snapshots keep them: tables, and single values that are replaced as a whole.
 */
import type { Type, ValueOf } from "@chainsafe/ssz";
import { StateTree } from "../types/state.ts";
import type { Slots } from "./slots.ts";
import {
  type Forgetting,
  type RecordOf,
  rowOf,
  TABLE_NAMES,
  type TableList,
  type TableName,
} from "./tables.ts";

type Fields = typeof StateTree.fields;
export type SingleName = Exclude<keyof Fields, TableList>;

const LISTS: ReadonlySet<string> = new Set(TABLE_NAMES.map((name) => rowOf(name).list));

/** The parts of the tree that are not tables. */
export const SINGLE_NAMES = Object.keys(StateTree.fields).filter(
  (field) => !LISTS.has(field),
) as readonly SingleName[];

type Fixed<T> = T extends readonly (infer E)[] ? readonly E[] : T;
export type StateSingles = { readonly [N in SingleName]: Fixed<ValueOf<Fields[N]>> };

/** Everything a state is made of. */
export type StateParts = StateSingles & {
  readonly [N in Exclude<TableName, Forgetting>]: readonly RecordOf<N>[];
} & { readonly [N in Forgetting]: Slots<RecordOf<N>> };

/** The changes of a fork; the store writes them in the batch of the block. */
export type StateChanges = StateSingles & {
  /** Names of the single values that changed. */
  readonly changedSingles: readonly SingleName[];
} & { readonly [N in TableName]: ReadonlyMap<number, RecordOf<N>> };

export function singleType(name: SingleName): Type<unknown> {
  return StateTree.fields[name] as unknown as Type<unknown>;
}

/** A state without content: every part has the default value of its type. */
export function emptyParts(): StateParts {
  const parts: Record<string, unknown> = {};
  for (const name of SINGLE_NAMES) parts[name] = singleType(name).defaultValue();
  for (const name of TABLE_NAMES) parts[name] = [];
  return parts as unknown as StateParts;
}
