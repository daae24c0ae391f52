/**
 * The state as entries of the database: a few single values, and tables with one entry for each record. For a record
 * that has left a table that drops records, there is only its root.
 */

import { SlotList } from "../../chain/state/slots.ts";
import { State } from "../../chain/state/state.ts";
import {
  SINGLE_NAMES,
  type SingleName,
  type StateChanges,
  type StateParts,
  type StateSingles,
  singleType,
} from "../../chain/state/state-parts.ts";
import { rowOf, TABLE_NAMES, type TableName } from "../../chain/state/tables.ts";
import { type Database, put, remove, type Write } from "./database.ts";
import { decodeEntry } from "./decode-entry.ts";
import { nameKey, numberKey, numberOf, range, rootPrefix } from "./keys.ts";
import { recordWrites } from "./settled-entries.ts";
import { StoreError } from "./store-error.ts";

/** A state whose past is not in the database. */
export function wholeStateWrites(state: State): Write[] {
  const parts = state.parts();
  const writes = singleWrites(parts, SINGLE_NAMES);
  for (const name of TABLE_NAMES) {
    const { type } = rowOf(name);
    let index = 0;
    for (const slot of parts[name]) {
      if (slot instanceof Uint8Array) writes.push(put(numberKey(rootPrefix(name), index), slot));
      else writes.push(put(numberKey(name, index), type.serialize(slot)));
      index++;
    }
  }
  return writes;
}

export function stateWrites(changes: StateChanges): Write[] {
  const writes = singleWrites(changes, changes.changedSingles);
  for (const name of TABLE_NAMES) writes.push(...tableWrites(name, changes[name]));
  writes.push(...recordWrites(changes.jobs));
  return writes;
}

function singleWrites(singles: StateSingles, names: readonly SingleName[]): Write[] {
  return names.map((name) =>
    put(nameKey("single", name), singleType(name).serialize(singles[name])),
  );
}

function tableWrites(name: TableName, records: ReadonlyMap<number, unknown>): Write[] {
  const { type, forgets, isActive } = rowOf(name);
  const writes: Write[] = [];
  for (const [index, record] of records) {
    const key = numberKey(name, index);
    if (forgets !== true || isActive?.(record) === true) {
      writes.push(put(key, type.serialize(record)));
      continue;
    }
    writes.push(remove(key), put(numberKey(rootPrefix(name), index), type.hashTreeRoot(record)));
  }
  return writes;
}

/** @throws StoreError DAMAGED_STORE when a part is missing or does not decode */
export async function readState(db: Database): Promise<State> {
  const parts: Record<string, unknown> = {};
  for (const name of SINGLE_NAMES) {
    const bytes = await db.get(nameKey("single", name));
    if (bytes === undefined) throw StoreError.damaged(`the state lacks ${name}`);
    parts[name] = decodeEntry(name, singleType(name), bytes);
  }
  for (const name of TABLE_NAMES) {
    parts[name] = await (rowOf(name).forgets === true ? readSlots : readRecords)(db, name);
  }
  return State.of(parts as unknown as StateParts);
}

/** The active records, and the roots of the others, must together leave no gap. */
async function readSlots(db: Database, name: TableName): Promise<SlotList<unknown>> {
  const { type } = rowOf(name);
  const active = new Map<number, unknown>();
  for await (const [key, bytes] of db.entries(range(name))) {
    const index = numberOf(key);
    active.set(index, decodeEntry(`${name} ${index}`, type, bytes));
  }
  const slots = new SlotList<unknown>();
  const addActive = (end: number): void => {
    for (let next = slots.length; active.has(next); next = slots.length) {
      slots.push(active.get(next));
      active.delete(next);
    }
    if (slots.length < end) throw StoreError.damaged(`${name} ${slots.length} is missing`);
  };
  for await (const [key, root] of db.entries(range(rootPrefix(name)))) {
    const index = numberOf(key);
    addActive(index);
    if (slots.length > index) throw StoreError.damaged(`${name} ${index} is there and has left`);
    if (root.length !== 32) throw StoreError.damaged(`the root of ${name} ${index} is not one`);
    slots.push(root);
  }
  addActive(0);
  const [beyond] = active.keys();
  if (beyond !== undefined) throw StoreError.damaged(`${name} ${beyond} follows none`);
  return slots;
}

async function readRecords(db: Database, name: TableName): Promise<unknown[]> {
  const { type } = rowOf(name);
  const records: unknown[] = [];
  for await (const [key, bytes] of db.entries(range(name))) {
    const entry = `${name} ${records.length}`;
    if (numberOf(key) !== records.length) throw StoreError.damaged(`${entry} is missing`);
    records.push(decodeEntry(entry, type, bytes));
  }
  return records;
}
