/**
 * The values that a block overwrote: the earlier entries of the state, as they were in the database. With them the
 * newest blocks can be undone one by one; the state itself keeps only its latest values.
 */
import {
  BooleanType,
  ByteListType,
  ContainerType,
  ListCompositeType,
  type ValueOf,
} from "@chainsafe/ssz";
import { toHex } from "../../chain/crypto/hash.ts";
import { type Database, putRaw, remove, type Write } from "./database.ts";

/** Number of blocks that can be undone: about four epochs of a standard chain. */
export const UNDO_BLOCKS = 256;

const Undo = new ListCompositeType(
  new ContainerType({
    key: new ByteListType(64),
    existed: new BooleanType(),
    /** Sealed, byte for byte. */
    value: new ByteListType(2 ** 28),
  }),
  2 ** 24,
);
export type Undo = ValueOf<typeof Undo>;

export interface WrittenState {
  /** The writes that change something. */
  readonly writes: readonly Write[];
  readonly undo: Uint8Array;
}

/** State writes of consecutive blocks that are written to the database together. */
export class StateBatch {
  readonly #db: Database;
  /** Sealed values that this batch will write, by key in hex. */
  readonly #pending = new Map<string, Uint8Array | undefined>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param writes of the next block, each key once */
  async add(writes: readonly Write[]): Promise<WrittenState> {
    const keys = writes.map(({ key }) => toHex(key));
    const absent = writes.filter((_, i) => !this.#pending.has(keys[i] ?? ""));
    const stored = await this.#db.getManyRaw(absent.map(({ key }) => key));
    let next = 0;
    const before = keys.map((key) =>
      this.#pending.has(key) ? this.#pending.get(key) : stored[next++],
    );
    const written = withUndo(writes, before);
    for (const [i, write] of writes.entries()) {
      this.#pending.set(keys[i] ?? "", write.type === "put" ? write.value : undefined);
    }
    return written;
  }
}

/**
 * Leaves out `writes` that change nothing, and records what the others replace.
 * @param before the sealed values under the keys of `writes`, in the same order
 */
function withUndo(
  writes: readonly Write[],
  before: readonly (Uint8Array | undefined)[],
): WrittenState {
  const undo: Undo = [];
  const changing = writes.filter((write, i) => {
    const value = before[i];
    if (value !== undefined && write.type === "put" && isSame(value, write.value)) return false;
    undo.push({ key: write.key, existed: value !== undefined, value: value ?? new Uint8Array(0) });
    return true;
  });
  return { writes: changing, undo: Undo.serialize(undo) };
}

/** The writes that restore the earlier values. */
export function undoWrites(bytes: Uint8Array): Write[] {
  return Undo.deserialize(bytes).map(({ key, existed, value }) =>
    existed ? putRaw(key, value) : remove(key),
  );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
