/**
 * All keys of the database: one prefix byte, then the key. Numbers are never reused; retired ones stay listed. Heights
 * and indexes are big-endian, so that iteration follows their order.
 */
import type { Forgetting, TableName } from "../../chain/state/tables.ts";

/** Each table of the state has its records here; a table that drops records also has the roots of the dropped ones. */
type TablePrefix = TableName | `${Forgetting}Root`;

export const PREFIX = {
  /** name -> one value: `format`, `head`, `genesis`, `tipSeats`, `lowestBlock`, `damaged`, and each single value of the state */
  single: 0x01,
  /** height -> CertifiedBlock */
  block: 0x02,
  /** block hash -> height */
  blockHash: 0x03,
  /** transaction id -> height, index */
  transaction: 0x04,
  /** index -> Account */
  accounts: 0x05,
  /** index -> NodeRecord */
  nodes: 0x06,
  /** index -> Job under way */
  jobs: 0x07,
  /** job id, round -> height of the block with its record */
  record: 0x08,
  /** name -> bytes that a service of this node stores for itself; not derived from the chain */
  own: 0x09,
  /** height -> LightBlock of a block that changed the seats; it stays when the block itself is pruned */
  seatChange: 0x0a,
  /** height -> values of the state that its block overwrote, for the last blocks (undo.ts) */
  undo: 0x0b,
  /** node index, height -> height of a block that changed the node's rating */
  ratingChange: 0x0c,
  /** index -> SSZ root of a settled job, as the state has it */
  jobsRoot: 0x0d,
  /** index -> settled Job */
  settledJob: 0x0e,
  /** index -> SettledSummary */
  settledSummary: 0x0f,
  /** id of a settled job -> index */
  settledIndex: 0x10,
} as const satisfies Record<TablePrefix, number> & Record<string, number>;
// 0x30 began the keys of format 1, which were text.

export type Prefix = keyof typeof PREFIX;
export type Key = Uint8Array;

export function numberKey(prefix: Prefix, value: number): Key {
  const key = new Uint8Array(5);
  key[0] = PREFIX[prefix];
  new DataView(key.buffer).setUint32(1, value);
  return key;
}

export function bytesKey(prefix: Prefix, bytes: Uint8Array): Key {
  const key = new Uint8Array(1 + bytes.length);
  key[0] = PREFIX[prefix];
  key.set(bytes, 1);
  return key;
}

export function nameKey(prefix: Prefix, name: string): Key {
  return bytesKey(prefix, new TextEncoder().encode(name));
}

export function recordKey(job: Uint8Array, round: number): Key {
  const bytes = new Uint8Array(job.length + 4);
  bytes.set(job, 0);
  new DataView(bytes.buffer).setUint32(job.length, round);
  return bytesKey("record", bytes);
}

export function ratingChangeKey(node: number, height: number): Key {
  const key = new Uint8Array(9);
  key[0] = PREFIX.ratingChange;
  const view = new DataView(key.buffer);
  view.setUint32(1, node);
  view.setUint32(5, height);
  return key;
}

export interface KeyRange {
  readonly gte: Key;
  readonly lt: Key;
}

/** For the roots of records that have left the table. */
export function rootPrefix(table: TableName): Prefix {
  return `${table as Forgetting}Root`;
}

/** All keys of a prefix. */
export function range(prefix: Prefix): KeyRange {
  return { gte: Uint8Array.of(PREFIX[prefix]), lt: Uint8Array.of(PREFIX[prefix] + 1) };
}

/** Keys of a prefix by number, excluding the end. */
export function numberRange(prefix: Prefix, from: number, end: number): KeyRange {
  return { gte: numberKey(prefix, from), lt: numberKey(prefix, end) };
}

/** The number in a key made by `numberKey`. */
export function numberOf(key: Key): number {
  return new DataView(key.buffer, key.byteOffset).getUint32(1);
}
