/**
 * A state as one stream of bytes, equal on every node: records of part u8, length u32 little-endian and SSZ bytes.
 * `part` is a position in StateTree. A table has one record for each of its elements, in order; for an element that has
 * left the table, the record is its root. Every other part has one record. Encoding and decoding pause from time to
 * time, so that other work does not wait long.
 */
import { setImmediate as pause } from "node:timers/promises";
import { PomlError } from "../../chain/errors.ts";
import { type Slot, SlotList } from "../../chain/state/slots.ts";
import { SINGLE_NAMES, type StateParts, singleType } from "../../chain/state/state-parts.ts";
import { rowOf, TABLE_NAMES, type TableName, type TableRow } from "../../chain/state/tables.ts";
import { StateTree } from "../../chain/types/state.ts";
import { SnapshotError } from "./snapshot-error.ts";

export const CHUNK_BYTES = 1024 * 1024;
const HEAD_BYTES = 5;
const ROOT_BYTES = 32;
/** Longer than any record can be: the type of an element or part limits it. */
const MAX_RECORD_BYTES = 1024 * 1024 * 1024;
const RECORDS_PER_TURN = 1_000;

interface PartType {
  deserialize(bytes: Uint8Array): unknown;
}

/** Names of the state's fields in the tree, in order. */
const FIELDS = Object.keys(StateTree.fields);

/** The table that has this name in the tree. */
function tableNamed(field: string): TableName | undefined {
  return TABLE_NAMES.find((name) => rowOf(name).list === field);
}

/** Chunks of CHUNK_BYTES; the last one is shorter. */
export async function* encodeState(parts: StateParts): AsyncGenerator<Uint8Array> {
  const cutter = new Cutter();
  let sinceTurn = 0;
  for (const [part, bytes] of records(parts)) {
    const head = new Uint8Array(HEAD_BYTES);
    head[0] = part;
    new DataView(head.buffer).setUint32(1, bytes.length, true);
    cutter.push(head);
    cutter.push(bytes);
    yield* cutter.full();
    if (++sinceTurn % RECORDS_PER_TURN === 0) await pause();
  }
  yield* cutter.rest();
}

function* records(parts: StateParts): Iterable<[part: number, bytes: Uint8Array]> {
  for (const [part, field] of FIELDS.entries()) {
    const table = tableNamed(field);
    if (table === undefined) {
      const name = singleNamed(field);
      yield [part, singleType(name).serialize(parts[name])];
      continue;
    }
    const { type } = rowOf(table);
    for (const slot of parts[table]) {
      yield [part, slot instanceof Uint8Array ? slot : type.serialize(slot)];
    }
  }
}

/** The records of a table while it is read. */
interface Records {
  readonly length: number;
  push(record: unknown): unknown;
}

/**
 * Reads the state of a stream; the caller must still compare its root.
 * @throws SnapshotError BAD_SNAPSHOT
 */
export async function decodeState(chunks: AsyncIterable<Uint8Array>): Promise<StateParts> {
  const parts: Record<string, unknown> = {};
  const tables = new Map<TableName, Records>();
  for (const name of TABLE_NAMES) {
    tables.set(name, rowOf(name).forgets === true ? new SlotList<unknown>() : []);
  }
  let last = -1;
  let sinceTurn = 0;
  for await (const { part, bytes } of split(chunks)) {
    const field = FIELDS[part];
    if (field === undefined || part < last) throw SnapshotError.bad(`a record of part ${part}`);
    last = part;
    const table = tableNamed(field);
    if (table !== undefined) addRecord(tables.get(table) ?? [], rowOf(table), bytes);
    else if (field in parts) throw SnapshotError.bad(`${field} is there twice`);
    else parts[field] = decode(field, singleType(singleNamed(field)), bytes);
    if (++sinceTurn % RECORDS_PER_TURN === 0) await pause();
  }
  const missing = SINGLE_NAMES.find((name) => !(name in parts));
  if (missing !== undefined) throw SnapshotError.bad(`${missing} is missing`);
  return { ...parts, ...Object.fromEntries(tables) } as unknown as StateParts;
}

/** @throws SnapshotError BAD_SNAPSHOT */
function addRecord(records: Records, row: TableRow<unknown>, bytes: Uint8Array): void {
  const { list, limit, type, forgets } = row;
  if (records.length === limit) throw SnapshotError.bad(`more than ${limit} ${list}`);
  records.push(forgets === true ? decodeSlot(row, bytes) : decode(list, type, bytes));
}

/**
 * In a table that drops records, no record is as short as a root.
 * @throws SnapshotError BAD_SNAPSHOT
 */
function decodeSlot({ list, type, isActive }: TableRow<unknown>, bytes: Uint8Array): Slot<unknown> {
  if (bytes.length === ROOT_BYTES) return bytes;
  const record = decode(list, type, bytes);
  if (isActive?.(record) === true) return record;
  throw SnapshotError.bad(
    `it has the record of one of its ${list} that is over, instead of its root`,
  );
}

/** Joins chunks only when the whole record is there, so that no byte is copied often. */
async function* split(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ part: number; bytes: Uint8Array }> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  let needed = HEAD_BYTES;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    held += chunk.length;
    if (held < needed) continue;
    const joined = pieces.length === 1 ? chunk : Buffer.concat(pieces);
    let at = 0;
    for (needed = HEAD_BYTES; joined.length - at >= needed; needed = HEAD_BYTES) {
      const view = new DataView(joined.buffer, joined.byteOffset + at);
      const length = view.getUint32(1, true);
      if (length > MAX_RECORD_BYTES) throw SnapshotError.bad(`a record of ${length} bytes`);
      needed = HEAD_BYTES + length;
      if (joined.length - at < needed) break;
      yield { part: view.getUint8(0), bytes: joined.subarray(at + HEAD_BYTES, at + needed) };
      at += needed;
    }
    pieces = [joined.subarray(at)];
    held = joined.length - at;
  }
  if (held > 0) throw SnapshotError.bad("it ends in the middle of a record");
}

function singleNamed(field: string): (typeof SINGLE_NAMES)[number] {
  const name = SINGLE_NAMES.find((single) => single === field);
  if (name === undefined) throw new TypeError(`the state has no part ${field}`);
  return name;
}

function decode(field: string, type: PartType, bytes: Uint8Array): unknown {
  try {
    // A copy: decoded byte fields are views, which would keep whole chunks in memory.
    return type.deserialize(bytes.slice());
  } catch (error) {
    if (error instanceof PomlError) throw error;
    throw SnapshotError.bad(`a record of ${field} does not decode`, error);
  }
}

/** Cuts a stream of pieces into chunks of CHUNK_BYTES. */
class Cutter {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  *full(): Iterable<Uint8Array> {
    if (this.#bytes < CHUNK_BYTES) return;
    const all = Buffer.concat(this.#pieces);
    const whole = all.length - (all.length % CHUNK_BYTES);
    for (let at = 0; at < whole; at += CHUNK_BYTES) {
      yield new Uint8Array(all.subarray(at, at + CHUNK_BYTES));
    }
    this.#pieces = [all.subarray(whole)];
    this.#bytes = all.length - whole;
  }

  *rest(): Iterable<Uint8Array> {
    if (this.#bytes > 0) yield new Uint8Array(Buffer.concat(this.#pieces));
  }
}
