/** Writes small WebAssembly modules by hand: algorithms for searches that break one rule each. */

/** Instructions of a function, without the end. */
export type Code = readonly number[];

export interface ModuleParts {
  readonly functions?: Readonly<Record<string, Code>>;
  /** Locals of `search`, by type. */
  readonly locals?: readonly (readonly [count: number, type: number])[];
  /** Exports to leave out. */
  readonly without?: readonly string[];
  /** Flags, initial pages, maximum. */
  readonly memory?: readonly number[] | undefined;
  /** Sections put before all others, whole. */
  readonly first?: readonly number[];
  readonly table?: readonly number[];
}

const I32 = 0x7f;
const I64 = 0x7e;
const END = 0x0b;

export const OP = {
  unreachable: [0x00],
  /** loop, branch to its start, end. */
  endless: [0x03, 0x40, 0x0c, 0x00, END, 0x00],
  one: [0x41, 1],
  zero: [0x41, 0],
} as const;

/** What each export does unless a test says otherwise; input at 0, output at 1024. */
const FUNCTIONS: Readonly<Record<string, readonly [type: number, code: Code]>> = {
  abi: [0, OP.one],
  input: [0, OP.zero],
  output: [0, [0x41, ...signed(1024)]],
  prepare: [1, []],
  search: [2, OP.zero],
};

export function wasmModule(parts: ModuleParts = {}): Uint8Array {
  const {
    functions = {},
    locals = [],
    without = [],
    memory = [1, 11, 11],
    first = [],
    table,
  } = parts;
  const entries = Object.entries(FUNCTIONS);
  const types = [
    [0x60, ...list([]), ...list([[I32]])],
    [0x60, ...list([[I32], [I32], [I32], [I32]]), ...list([])],
    [0x60, ...list([[I64], [I32]]), ...list([[I32]])],
  ];
  const exports = entries.map(([name], index) => [...text(name), 0, index]);
  const kept = exports.filter((_, index) => !without.includes(entries[index]?.[0] ?? ""));
  const bodies = entries.map(([name, [, code]]) => {
    const groups =
      name === "search" ? locals.map(([count, type]) => [...unsigned(count), type]) : [];
    const body = [...list(groups), ...(functions[name] ?? code), END];
    return [...unsigned(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...first,
    ...section(1, list(types)),
    ...section(3, list(entries.map(([, [type]]) => [type]))),
    ...(table === undefined ? [] : section(4, list([table]))),
    ...section(5, list([[...memory]])),
    ...section(7, list([...kept, [...text("memory"), 2, 0]])),
    ...section(10, list(bodies)),
  ]);
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

export function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

export function text(name: string): number[] {
  return [...unsigned(name.length), ...new TextEncoder().encode(name)];
}

export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(Math.floor(value / 128))];
}

function signed(value: number): number[] {
  const isLast = value >= -64 && value < 64;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
