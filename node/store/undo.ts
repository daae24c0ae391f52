/**
 * What a block overwrote: the earlier entries of the state, as they stood in the database. With it
 * the newest blocks can be taken back one by one; the state itself keeps only its latest values.
 */
import {
  BooleanType,
  ByteListType,
  ContainerType,
  ListCompositeType,
  type ValueOf,
} from "@chainsafe/ssz";
import { putRaw, remove, type Write } from "./database.ts";

/** Blocks that can be taken back: about four epochs of a standard chain. */
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
  /** The writes that change anything. */
  readonly writes: readonly Write[];
  readonly undo: Uint8Array;
}

/**
 * Leaves out of `writes` what stands in the database already, and notes what the rest replaces.
 * @param before the sealed values under the keys of `writes`, in their order
 */
export function withUndo(
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

/** The writes that bring back what stood before. */
export function undoWrites(bytes: Uint8Array): Write[] {
  return Undo.deserialize(bytes).map(({ key, existed, value }) =>
    existed ? putRaw(key, value) : remove(key),
  );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
