/**
 * The tables of the state, one row each. The state, its tree, the store and snapshots loop over these rows: a new table
 * needs a list at the end of `StateTree`, a row here, and a number among the keys of the database (node/store/keys.ts).
 */

import type { ListCompositeType, Type, ValueOf } from "@chainsafe/ssz";
import { addressKey } from "../crypto/address.ts";
import { bytesKey } from "../crypto/hash.ts";
import { nextDraw } from "../schedule/next-draw.ts";
import type { Parameters } from "../types/genesis.ts";
import { isUnsettled, type Job } from "../types/job.ts";
import { StateTree } from "../types/state.ts";
import { accountRoots } from "./account-roots.ts";
import type { Slot } from "./slots.ts";
import { Table } from "./table.ts";
import type { TableRules } from "./table-ground.ts";

interface RowRules<V> extends Omit<TableRules<V>, "drawOf" | "forgets"> {
  readonly drawOf?: (value: V, parameters: Parameters) => number;
  readonly forgets?: true;
  /** Computes the roots of many records; default: one by one. */
  readonly rootsOf?: (values: readonly V[]) => readonly Uint8Array[];
}

type Fields = typeof StateTree.fields;
type ElementOf<F> = F extends ListCompositeType<infer T> ? ValueOf<T> : never;
/** Lists of records in the tree; a list may have another name than its table. */
type RecordList = {
  [F in keyof Fields]: Fields[F] extends ListCompositeType<infer _> ? F : never;
}[keyof Fields];

const ROWS = {
  accounts: row("accounts", {
    keyOf: ({ address }) => bytesKey(address),
    rootsOf: accountRoots,
  }),
  /** Not `nodes`: a view of the tree uses that name itself. */
  nodes: row("registry", {
    keyOf: ({ publicKey }) => bytesKey(publicKey),
    isActive: ({ slashedAt }) => slashedAt === 0,
  }),
  /** A job never changes once it is settled, and only its root in the tree is kept. */
  jobs: row("jobs", {
    keyOf: ({ id }) => bytesKey(id),
    isActive: isUnsettled,
    groupOf: ({ client }) => addressKey(client),
    membersOf: nodesOf,
    dueOf: ({ due }) => due,
    drawOf: nextDraw,
    forgets: true,
  }),
};
export type TableName = keyof typeof ROWS;
/** Names of the tables in the tree. */
export type TableList = (typeof ROWS)[TableName]["list"];
export type RecordOf<N extends TableName> = ElementOf<Fields[(typeof ROWS)[N]["list"]]>;
export type Forgetting = {
  [N in TableName]: (typeof ROWS)[N] extends { forgets: true } ? N : never;
}[TableName];
export type StateTables = { readonly [N in TableName]: Table<RecordOf<N>> };

/** The description of a table. */
export interface TableRow<V> extends RowRules<V> {
  readonly list: TableList;
  readonly type: Type<V>;
  /** The largest number of records. */
  readonly limit: number;
}

/** No code depends on their order. */
export const TABLE_NAMES = Object.keys(ROWS) as readonly TableName[];

/** The row of a table with any name; values from a table always go with its row. */
export function rowOf(name: TableName): TableRow<unknown> {
  return ROWS[name] as unknown as TableRow<unknown>;
}

/** @param slots for a table that drops records; otherwise its records */
export function tableOf(
  name: TableName,
  slots: Iterable<Slot<unknown>>,
  parameters: Parameters,
): Table<unknown> {
  const { drawOf, ...rules } = rowOf(name);
  return Table.of(
    recordsOf(slots),
    drawOf === undefined ? rules : { ...rules, drawOf: (value) => drawOf(value, parameters) },
  );
}

/** A record that has left the table is passed as undefined. */
function* recordsOf(slots: Iterable<Slot<unknown>>): Generator<unknown> {
  for (const slot of slots) yield slot instanceof Uint8Array ? undefined : slot;
}

function row<L extends RecordList, const R extends RowRules<ElementOf<Fields[L]>>>(
  list: L,
  rules: R,
) {
  const { elementType, limit } = StateTree.fields[list];
  return { list, type: elementType, limit, ...rules };
}

/** Nodes that have or had a part in the job. */
function nodesOf({ team, participants, audits }: Job): number[] {
  const seats = audits.flatMap((audit) => [audit.node, ...audit.seats.map(({ node }) => node)]);
  return [...team, ...participants.map(({ node }) => node), ...seats];
}
