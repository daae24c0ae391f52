/**
 * The SSZ roots of many values of one type, equal to what `type.hashTreeRoot` gives for each. All values are hashed
 * together, level by level, so that one call of the hasher takes thousands of pairs. Values that are hashed one by one
 * need a call, and buffers, for every few pairs.
 */
import { hashInto, zeroHash } from "@chainsafe/persistent-merkle-tree";
import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  isBasicType,
  ListBasicType,
  ListCompositeType,
  type Type,
} from "@chainsafe/ssz";
import { MemoContainerType } from "../types/memo-container.ts";

const CHUNK = 32;
/** Number of values at a time, so that the working set stays small. */
const STRETCH = 256;

/** @returns in the order of the values; do not write to them */
export function rootsOf<V>(type: Type<V>, values: readonly V[]): Uint8Array[] {
  const roots: Uint8Array[] = [];
  for (let from = 0; from < values.length; from += STRETCH) {
    const some = values.slice(from, from + STRETCH);
    const joined = chunksFor(some.length);
    write(type, some, { buffer: joined, step: CHUNK, from: 0 });
    for (let i = 0; i < some.length; i++) roots.push(chunkAt(joined, i));
  }
  return roots;
}

/** The root of one value with many elements, which are hashed together. */
export function rootOf<V>(type: Type<V>, value: V): Uint8Array {
  const [root] = rootsOf(type, [value]);
  return root ?? type.hashTreeRoot(value);
}

/** Where the root of the value i goes: to `from + i * step`. */
interface Target {
  readonly buffer: Uint8Array;
  readonly step: number;
  readonly from: number;
}

function write(type: Type<unknown>, values: readonly unknown[], target: Target): void {
  if (values.length === 0) return;
  if (isBasicType(type)) writeBasic(type, values, target);
  else if (type instanceof ByteVectorType && type.fixedSize <= CHUNK) {
    put(values as readonly Uint8Array[], target);
  } else if (type instanceof MemoContainerType) {
    writeMemo(type, values as readonly Fields[], target);
  } else if (type instanceof ContainerType) put(containerRoots(type, values), target);
  else if (type instanceof ByteListType) {
    const bytes = values as readonly Uint8Array[];
    const lengths = bytes.map(({ length }) => length);
    put(listRoots(bytes.map(toChunks), lengths, type.maxChunkCount), target);
  } else if (type instanceof ListBasicType) {
    const lists = values as readonly (readonly unknown[])[];
    const lengths = lists.map(({ length }) => length);
    const contents = lists.map((list) => packed(type.elementType, list));
    put(listRoots(contents, lengths, type.maxChunkCount), target);
  } else if (type instanceof ListCompositeType) {
    const lists = values as readonly (readonly unknown[])[];
    put(compositeListRoots(type, lists), target);
  } else {
    put(
      values.map((value) => type.hashTreeRoot(value)),
      target,
    );
  }
}

function put(roots: readonly Uint8Array[], { buffer, step, from }: Target): void {
  roots.forEach((root, i) => {
    buffer.set(root, from + i * step);
  });
}

interface BasicWriter {
  readonly byteLength: number;
  value_serializeToBytes(
    output: { uint8Array: Uint8Array; dataView: DataView },
    offset: number,
    value: unknown,
  ): number;
}

function writeBasic(
  type: BasicWriter,
  values: readonly unknown[],
  { buffer, step, from }: Target,
): void {
  const output = { uint8Array: buffer, dataView: viewOf(buffer) };
  values.forEach((value, i) => {
    type.value_serializeToBytes(output, from + i * step, value);
  });
}

type Fields = Record<string, unknown>;

/** Known roots are copied. */
function writeMemo(
  type: MemoContainerType<Record<string, Type<unknown>>>,
  values: readonly Fields[],
  target: Target,
): void {
  const fresh = new Set<Fields>();
  const { buffer, step, from } = target;
  values.forEach((value, i) => {
    const known = type.knownRoot(value);
    if (known === undefined) fresh.add(value);
    else buffer.set(known, from + i * step);
  });
  if (fresh.size === 0) return;
  const asked = [...fresh];
  containerRoots(type, asked).forEach((root, i) => {
    const value = asked[i];
    if (value !== undefined) type.keepRoot(value, root.slice());
  });
  values.forEach((value, i) => {
    if (fresh.has(value)) buffer.set(type.hashTreeRoot(value), from + i * step);
  });
}

function containerRoots(
  { fields }: { readonly fields: Record<string, Type<unknown>> },
  values: readonly unknown[],
): Uint8Array[] {
  const names = Object.keys(fields);
  const width = 2 ** depthOf(names.length);
  const buffer = chunksFor(values.length * width);
  names.forEach((name, field) => {
    const column = values.map((value) => (value as Fields)[name]);
    const target = { buffer, step: width * CHUNK, from: field * CHUNK };
    write(fields[name] as Type<unknown>, column, target);
  });
  let level = buffer;
  while (level.length > values.length * CHUNK) level = above(level);
  return values.map((_, i) => chunkAt(level, i));
}

/**
 * The roots of lists with at least so many elements are kept: records never change, so neither do the lists in them.
 */
const LONG = 64;
const longLists = new WeakMap<object, WeakMap<readonly unknown[], Uint8Array>>();

function compositeListRoots(type: ListOf, lists: readonly (readonly unknown[])[]): Uint8Array[] {
  const known = longLists.get(type) ?? new WeakMap<readonly unknown[], Uint8Array>();
  longLists.set(type, known);
  const fresh = [...new Set(lists)].filter((list) => !known.has(list));
  const made = new Map<readonly unknown[], Uint8Array>();
  freshListRoots(type, fresh).forEach((root, i) => {
    const list = fresh[i] ?? [];
    made.set(list, root);
    if (list.length >= LONG) known.set(list, root.slice());
  });
  return lists.map((list) => made.get(list) ?? known.get(list) ?? zeroHash(0));
}

interface ListOf {
  readonly elementType: Type<unknown>;
  readonly maxChunkCount: number;
}

function freshListRoots(
  { elementType, maxChunkCount }: ListOf,
  lists: readonly (readonly unknown[])[],
): Uint8Array[] {
  const all = lists.flat();
  const roots = chunksFor(all.length);
  write(elementType, all, { buffer: roots, step: CHUNK, from: 0 });
  let at = 0;
  const contents = lists.map(({ length }) => {
    const from = at;
    at += length;
    return roots.subarray(from * CHUNK, at * CHUNK);
  });
  return listRoots(
    contents,
    lists.map(({ length }) => length),
    maxChunkCount,
  );
}

/**
 * @param contents whole chunks for each list
 * @param limit of chunks
 */
function listRoots(
  contents: readonly Uint8Array[],
  lengths: readonly number[],
  limit: number,
): Uint8Array[] {
  const tops = topsOf(contents, depthOf(limit));
  const pairs = chunksFor(2 * lengths.length);
  const view = viewOf(pairs);
  lengths.forEach((length, i) => {
    pairs.set(tops[i] ?? zeroHash(0), 2 * i * CHUNK);
    view.setUint32((2 * i + 1) * CHUNK, length, true);
  });
  const roots = above(pairs);
  return lengths.map((_, i) => chunkAt(roots, i));
}

/** The tops of trees of equal depth with different numbers of leaves. */
function topsOf(contents: readonly Uint8Array[], depth: number): Uint8Array[] {
  let levels = [...contents];
  for (let height = 0; height < depth; height++) {
    const sizes = levels.map(({ length }) => length + (length % (2 * CHUNK)));
    const level = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    let at = 0;
    levels.forEach((nodes, i) => {
      level.set(nodes, at);
      const size = sizes[i] ?? 0;
      if (size > nodes.length) level.set(zeroHash(height), at + nodes.length);
      at += size;
    });
    const next = above(level);
    at = 0;
    levels = sizes.map((size) => {
      const from = at;
      at += size / 2;
      return next.subarray(from, at);
    });
  }
  return levels.map((top) => (top.length === 0 ? zeroHash(depth) : top));
}

function packed(type: BasicWriter, list: readonly unknown[]): Uint8Array {
  const chunks = chunksFor(Math.ceil((list.length * type.byteLength) / CHUNK));
  writeBasic(type, list, { buffer: chunks, step: type.byteLength, from: 0 });
  return chunks;
}

function toChunks(bytes: Uint8Array): Uint8Array {
  const chunks = chunksFor(Math.ceil(bytes.length / CHUNK));
  chunks.set(bytes);
  return chunks;
}

function above(level: Uint8Array): Uint8Array {
  const next = new Uint8Array(level.length / 2);
  if (next.length > 0) hashInto(level, next);
  return next;
}

function chunksFor(count: number): Uint8Array {
  return new Uint8Array(count * CHUNK);
}

function chunkAt(chunks: Uint8Array, i: number): Uint8Array {
  return chunks.subarray(i * CHUNK, (i + 1) * CHUNK);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The number of levels above so many leaves. */
function depthOf(leaves: number): number {
  let depth = 0;
  while (2 ** depth < leaves) depth++;
  return depth;
}
