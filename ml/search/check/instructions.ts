/**
 * Walks the instructions of a function and refuses those whose result may differ between two machines, and those that
 * are not in this list: floats (the bits of a NaN are not fixed), relaxed SIMD, growing memory (it may fail on one
 * machine and not on another), calls through tables and references (the depth of calls must be known), atomics.
 */
import { malformed } from "../algorithm-error.ts";
import type { ByteReader } from "./byte-reader.ts";

export interface FunctionScan {
  /** Indexes of the functions that it calls. */
  readonly calls: readonly number[];
  readonly locals: number;
  readonly refused: { readonly instruction: string; readonly offset: number } | undefined;
}

/** How the bytes after an opcode are read. */
type Immediate = "none" | "block" | "index" | "branches" | "types" | "address" | "i32" | "i64";

/** First and last opcode of a run of allowed ones, and what follows them. Opcodes in no run are refused. */
const PLAIN: readonly (readonly [first: number, last: number, immediate: Immediate])[] = [
  [0x00, 0x01, "none"],
  [0x02, 0x04, "block"],
  [0x05, 0x05, "none"],
  [0x0b, 0x0b, "none"],
  [0x0c, 0x0d, "index"],
  [0x0e, 0x0e, "branches"],
  [0x0f, 0x0f, "none"],
  [0x10, 0x10, "index"],
  [0x1a, 0x1b, "none"],
  [0x1c, 0x1c, "types"],
  [0x20, 0x24, "index"],
  [0x28, 0x29, "address"],
  [0x2c, 0x37, "address"],
  [0x3a, 0x3e, "address"],
  [0x3f, 0x3f, "index"],
  [0x41, 0x41, "i32"],
  [0x42, 0x42, "i64"],
  [0x45, 0x5a, "none"],
  [0x67, 0x8a, "none"],
  [0xa7, 0xa7, "none"],
  [0xac, 0xad, "none"],
  [0xc0, 0xc4, "none"],
];
const CALL = 0x10;
const BULK = 0xfc;
const SIMD = 0xfd;

/** memory.init, data.drop, memory.copy and memory.fill, each with the number of its indexes. */
const BULK_INDEXES: ReadonlyMap<number, number> = new Map([
  [8, 2],
  [9, 1],
  [10, 2],
  [11, 1],
]);

/** SIMD opcodes of floats; all from 224 on are floats or relaxed. */
const SIMD_FLOATS: readonly (readonly [first: number, last: number])[] = [
  [19, 20],
  [31, 34],
  [65, 76],
  [94, 95],
  [103, 106],
  [116, 117],
  [122, 122],
  [148, 148],
  [224, 0xffff_ffff],
];

const PLAIN_IMMEDIATES = tableOf(PLAIN);

function tableOf(ranges: typeof PLAIN): readonly (Immediate | undefined)[] {
  const table: (Immediate | undefined)[] = new Array(256).fill(undefined);
  for (const [first, last, immediate] of ranges) table.fill(immediate, first, last + 1);
  return table;
}

/** @param body of the code section: locals, then instructions @throws AlgorithmError ALGORITHM_MALFORMED */
export function scanFunction(body: ByteReader): FunctionScan {
  const locals = countLocals(body);
  const calls: number[] = [];
  while (!body.isDone) {
    const offset = body.at;
    const opcode = body.byte();
    if (opcode === CALL) {
      calls.push(body.u32());
      continue;
    }
    const refused = passOver(opcode, body);
    if (refused !== undefined) return { calls, locals, refused: { instruction: refused, offset } };
  }
  return { calls, locals, refused: undefined };
}

function countLocals(body: ByteReader): number {
  let locals = 0;
  for (let groups = body.u32(); groups > 0; groups--) {
    locals += body.u32();
    body.byte();
  }
  return locals;
}

/** @returns the name of the instruction if it is refused */
function passOver(opcode: number, body: ByteReader): string | undefined {
  if (opcode === BULK) return passBulk(body);
  if (opcode === SIMD) return passSimd(body);
  const immediate = PLAIN_IMMEDIATES[opcode];
  if (immediate === undefined) return plainName(opcode);
  skipImmediate(immediate, body);
  return undefined;
}

function skipImmediate(immediate: Immediate, body: ByteReader): void {
  switch (immediate) {
    case "none":
      break;
    case "block":
    case "i32":
      body.skipLeb(5);
      break;
    case "i64":
      body.skipLeb(10);
      break;
    case "index":
      body.u32();
      break;
    case "types":
      body.skip(body.u32());
      break;
    case "branches":
      for (let targets = body.u32(); targets >= 0; targets--) body.u32();
      break;
    case "address":
      skipAddress(body);
      break;
    default:
      immediate satisfies never;
  }
}

function skipAddress(body: ByteReader): void {
  if (body.u32() >= 32) throw malformed(`an address of another memory at byte ${body.at}`);
  body.u32();
}

function passBulk(body: ByteReader): string | undefined {
  const opcode = body.u32();
  const indexes = BULK_INDEXES.get(opcode);
  if (indexes === undefined) return opcode < 8 ? "a float" : "a table";
  for (let index = 0; index < indexes; index++) body.u32();
  return undefined;
}

function passSimd(body: ByteReader): string | undefined {
  const opcode = body.u32();
  if (SIMD_FLOATS.some(([first, last]) => opcode >= first && opcode <= last)) {
    return opcode < 256 ? "a float (SIMD)" : "relaxed SIMD";
  }
  if (opcode <= 11 || opcode === 92 || opcode === 93) skipAddress(body);
  else if (opcode === 12 || opcode === 13) body.skip(16);
  else if (opcode >= 21 && opcode <= 30) body.skip(1);
  else if (opcode >= 84 && opcode <= 91) {
    skipAddress(body);
    body.skip(1);
  }
  return undefined;
}

function plainName(opcode: number): string {
  if (opcode === 0x40) return "memory.grow";
  if (opcode === 0x11) return "call_indirect";
  if (opcode === 0xfe) return "an atomic operation";
  if (opcode === 0x12 || opcode === 0x13) return "a tail call";
  if (opcode === 0x25 || opcode === 0x26) return "a table";
  if (opcode >= 0xd0 && opcode <= 0xd6) return "a reference";
  const isFloat =
    [0x2a, 0x2b, 0x38, 0x39, 0x43, 0x44].includes(opcode) || (opcode >= 0x5b && opcode <= 0xbf);
  return isFloat ? "a float" : `opcode 0x${opcode.toString(16)}`;
}
