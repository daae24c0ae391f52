/**
 * Reads the parts of a WebAssembly module to which the rules for algorithms apply. It knows WebAssembly 2.0 and refuses
 * everything else; the runtime checks afterwards whether the module is valid.
 */
import { malformed } from "../algorithm-error.ts";
import { ByteReader } from "./byte-reader.ts";

export interface MemoryLimits {
  /** Flags as encoded: 1 has a maximum, 2 shared, 4 addresses of 64 bits. */
  readonly flags: number;
  readonly initial: number;
  readonly maximum: number | undefined;
}

export interface ModuleShape {
  /** Each as `module.name`. */
  readonly imports: readonly string[];
  /** By index of the function: e.g. `(i64, i32) -> (i32)`. */
  readonly signatures: readonly string[];
  /** The initial number of entries of all tables. */
  readonly tableEntries: number;
  readonly memories: readonly MemoryLimits[];
  readonly exports: ReadonlyMap<string, { readonly kind: ItemKind; readonly index: number }>;
  /** By index of the function. */
  readonly bodies: readonly ByteReader[];
}

const ITEM_KINDS = ["function", "table", "memory", "global"] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

const VALUE_TYPES: ReadonlyMap<number, string> = new Map([
  [0x7f, "i32"],
  [0x7e, "i64"],
  [0x7d, "f32"],
  [0x7c, "f64"],
  [0x7b, "v128"],
  [0x70, "funcref"],
  [0x6f, "externref"],
]);

/** Bytes 0 to 7: the name and version 1. */
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  export: 7,
  code: 10,
  dataCount: 12,
} as const;

/** @throws AlgorithmError ALGORITHM_MALFORMED */
export function readModule(bytes: Uint8Array): ModuleShape {
  if (!HEADER.every((byte, at) => bytes[at] === byte)) {
    throw malformed("it does not start as a WebAssembly module of version 1");
  }
  const sections = readSections(new ByteReader(bytes, HEADER.length));
  const types = listIn(sections.get(SECTION.type), readFunctionType);
  const typeOf = (reader: ByteReader): string => {
    const index = reader.u32();
    return types[index] ?? malformedType(index);
  };
  const tables = listIn(sections.get(SECTION.table), readTable);
  return {
    imports: listIn(sections.get(SECTION.import), readImport),
    signatures: listIn(sections.get(SECTION.function), typeOf),
    tableEntries: tables.reduce((sum, entries) => sum + entries, 0),
    memories: listIn(sections.get(SECTION.memory), readLimits),
    exports: new Map(listIn(sections.get(SECTION.export), readExport)),
    bodies: listIn(sections.get(SECTION.code), (reader) => reader.part(reader.u32())),
  };
}

function readSections(reader: ByteReader): Map<number, ByteReader> {
  const sections = new Map<number, ByteReader>();
  while (!reader.isDone) {
    const id = reader.byte();
    const section = reader.part(reader.u32());
    if (id > SECTION.dataCount) throw malformed(`section ${id} is unknown`);
    if (id !== 0 && sections.has(id)) throw malformed(`section ${id} comes twice`);
    sections.set(id, section);
  }
  return sections;
}

/** Every entry takes at least a byte, so a list is never longer than its section. */
function listIn<T>(section: ByteReader | undefined, read: (reader: ByteReader) => T): T[] {
  if (section === undefined) return [];
  const count = section.u32();
  const list: T[] = [];
  for (let index = 0; index < count; index++) list.push(read(section));
  return list;
}

function readFunctionType(reader: ByteReader): string {
  const form = reader.byte();
  if (form !== 0x60) throw malformed(`type form 0x${form.toString(16)} is unknown`);
  const parameters = listIn(reader, valueType).join(", ");
  return `(${parameters}) -> (${listIn(reader, valueType).join(", ")})`;
}

function valueType(reader: ByteReader): string {
  const byte = reader.byte();
  const name = VALUE_TYPES.get(byte);
  if (name === undefined) throw malformed(`value type 0x${byte.toString(16)} is unknown`);
  return name;
}

function malformedType(index: number): never {
  throw malformed(`type ${index} does not exist`);
}

function readImport(reader: ByteReader): string {
  const name = `${reader.name()}.${reader.name()}`;
  const kind = ITEM_KINDS[reader.byte()];
  if (kind === "function") reader.u32();
  else if (kind === "table") readTable(reader);
  else if (kind === "memory") readLimits(reader);
  else if (kind === "global") reader.skip(2);
  else throw malformed(`the kind of import ${name} is unknown`);
  return name;
}

function readTable(reader: ByteReader): number {
  valueType(reader);
  return readLimits(reader).initial;
}

function readLimits(reader: ByteReader): MemoryLimits {
  const flags = reader.byte();
  const initial = reader.u32();
  return { flags, initial, maximum: (flags & 1) === 1 ? reader.u32() : undefined };
}

function readExport(reader: ByteReader): [string, { kind: ItemKind; index: number }] {
  const name = reader.name();
  const kind = ITEM_KINDS[reader.byte()];
  if (kind === undefined) throw malformed(`the kind of export ${name} is unknown`);
  return [name, { kind, index: reader.u32() }];
}
