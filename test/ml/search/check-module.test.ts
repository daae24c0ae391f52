import { readFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { PomlError } from "../../../chain/errors.ts";
import { Algorithm } from "../../../ml/search/algorithm.ts";
import { checkModule } from "../../../ml/search/check/check-module.ts";
import { SHIPPED, shippedModule } from "../../../ml/search/shipped-algorithms.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";
import {
  list,
  type ModuleParts,
  OP,
  section,
  text,
  unsigned,
  wasmModule,
} from "../../helpers/wasm-module.ts";

const FLOAT_ZERO = [0x43, 0, 0, 0, 0];
const V128_ZERO = [0xfd, 12, ...new Array<number>(16).fill(0)];
const DROP = 0x1a;
const IMPORTED = section(2, list([[...text("env"), ...text("abort"), 0, 0]]));
const SEARCH_INDEX = 4;

function searching(...code: number[]): ModuleParts {
  return { functions: { search: [...code, ...OP.zero] } };
}

describe("the bytes of an algorithm's module", () => {
  it("pass where they keep the rules", async () => {
    expect(checkModule(wasmModule())).deep.equal({ pages: 11, maxPages: 11, functions: 5 });
    for (const { name } of SHIPPED) {
      expect(checkModule(await shippedModule(name)), name).deep.include({
        pages: 11,
        maxPages: 11,
      });
    }
  });

  const refused: readonly (readonly [
    what: string,
    parts: ModuleParts,
    code: string,
    facts: object,
  ])[] = [
    ["a memory without a maximum", { memory: [0, 11] }, "ALGORITHM_MEMORY", {}],
    ["a maximum above 16 MiB", { memory: [1, 11, 0x81, 2] }, "ALGORITHM_MEMORY", { limit: 256 }],
    ["a shared memory", { memory: [3, 11, 11] }, "ALGORITHM_MEMORY", {}],
    ["a memory of 64 bits", { memory: [5, 11, 11] }, "ALGORITHM_MEMORY", {}],
    ["a large table", { table: [0x70, 0, ...unsigned(5000)] }, "ALGORITHM_MEMORY", {}],
    [
      "no search",
      { without: ["search"] },
      "ALGORITHM_EXPORT",
      { name: "search", actual: "nothing" },
    ],
    ["a missing abi", { without: ["abi"] }, "ALGORITHM_EXPORT", { name: "abi" }],
    [
      "memory.grow",
      searching(0x41, 1, 0x40, 0, DROP),
      "ALGORITHM_INSTRUCTION",
      { instruction: "memory.grow" },
    ],
    [
      "a float constant",
      searching(...FLOAT_ZERO, DROP),
      "ALGORITHM_INSTRUCTION",
      { instruction: "a float", function: SEARCH_INDEX },
    ],
    ["a float load", searching(0x41, 0, 0x2a, 2, 0, DROP), "ALGORITHM_INSTRUCTION", {}],
    [
      "reinterpreted bits",
      searching(0x41, 0, 0xbe, DROP),
      "ALGORITHM_INSTRUCTION",
      { instruction: "a float" },
    ],
    [
      "float lanes",
      searching(...V128_ZERO, ...V128_ZERO, 0xfd, 0xe4, 1, DROP),
      "ALGORITHM_INSTRUCTION",
      { instruction: "a float (SIMD)" },
    ],
    [
      "relaxed SIMD",
      searching(...V128_ZERO, ...V128_ZERO, 0xfd, 0x80, 2, DROP),
      "ALGORITHM_INSTRUCTION",
      { instruction: "relaxed SIMD" },
    ],
    ["saturating truncation", searching(...FLOAT_ZERO, 0xfc, 0, DROP), "ALGORITHM_INSTRUCTION", {}],
    [
      "atomics",
      searching(0xfe, 3, 0),
      "ALGORITHM_INSTRUCTION",
      { instruction: "an atomic operation" },
    ],
    [
      "an indirect call",
      searching(0x41, 0, 0x11, 0, 0, DROP),
      "ALGORITHM_INSTRUCTION",
      { instruction: "call_indirect" },
    ],
    ["a tail call", searching(0x12, 0), "ALGORITHM_INSTRUCTION", { instruction: "a tail call" }],
    [
      "a null reference",
      searching(0xd0, 0x70, DROP),
      "ALGORITHM_INSTRUCTION",
      { instruction: "a reference" },
    ],
    [
      "a function that calls itself",
      searching(0x42, 0, 0x41, 1, 0x10, SEARCH_INDEX, DROP),
      "ALGORITHM_RECURSION",
      { function: SEARCH_INDEX },
    ],
    [
      "two functions that call each other",
      { functions: { abi: [0x10, 1], input: [0x10, 0] } },
      "ALGORITHM_RECURSION",
      {},
    ],
    ["many locals", { locals: [[8193, 0x7b]] }, "ALGORITHM_TOO_LARGE", { what: "locals" }],
    ["unknown sections", { first: [13, 1, 0] }, "ALGORITHM_MALFORMED", {}],
  ];
  for (const [what, parts, code, facts] of refused) {
    it(`are refused for ${what}: ${code}`, () => {
      const error = expectCode(() => checkModule(wasmModule(parts)), code);
      expect(error.facts).deep.include(facts);
      expect(error.remedy).a("string");
    });
  }

  it("are refused for imports, which are named", () => {
    const type = section(1, list([[0x60, 0, 0]]));
    const bytes = Uint8Array.from([...wasmModule().subarray(0, 8), ...type, ...IMPORTED]);
    const error = expectCode(() => checkModule(bytes), "ALGORITHM_IMPORTS");
    expect(error.facts).deep.include({ imports: ["env.abort"] });
    expect(error.remedy).contain("--use abort=");
  });

  it("are refused for an export of another type", () => {
    const swapped = wasmModule();
    // The list of functions' types: the last, of search, becomes that of abi.
    const at = Buffer.from(swapped).indexOf(Uint8Array.of(3, 6, 5));
    expect([...swapped.subarray(at + 3, at + 8)]).deep.equal([0, 0, 0, 1, 2]);
    swapped[at + 7] = 0;
    const { facts } = expectCode(() => checkModule(swapped), "ALGORITHM_EXPORT");
    expect(facts).deep.include({ expected: "(i64, i32) -> (i32)", actual: "() -> (i32)" });
  });

  it("are refused above 256 KiB, and when they are no module", async () => {
    expectCode(() => checkModule(new Uint8Array(256 * 1024 + 1)), "ALGORITHM_TOO_LARGE");
    for (const bytes of [
      new Uint8Array(0),
      new TextEncoder().encode("hello"),
      new Uint8Array(99),
    ]) {
      expectCode(() => checkModule(bytes), "ALGORITHM_MALFORMED");
    }
    // What only the runtime sees: a value of the wrong type.
    const bytes = wasmModule({ functions: { abi: [0x42, 1] } });
    await expectCodeAsync(() => Algorithm.open(bytes), "ALGORITHM_MALFORMED");
  });

  it("are refused for a float in any of its instructions, and for nothing in the others", async () => {
    // The runtime's own validator says which opcodes are instructions at all.
    for (let opcode = 0x45; opcode <= 0xc4; opcode++) {
      const operands = operandsOf(opcode);
      if (operands === undefined) continue;
      const bytes = wasmModule(searching(...operands, opcode, DROP));
      await WebAssembly.compile(Uint8Array.from(bytes));
      const hasFloat =
        operands.some((byte) => byte === 0x43 || byte === 0x44) || makesFloat(opcode);
      if (hasFloat) expectCode(() => checkModule(bytes), "ALGORITHM_INSTRUCTION");
      else checkModule(bytes);
    }
  });

  it("never end the reader with anything but a refusal, whatever they are", async () => {
    const good = await readFile(
      new URL("../../../ml/search/algorithms/sha256d.wasm", import.meta.url),
    );
    const change = fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(good.length),
        (changes, end) => {
          const bytes = Uint8Array.from(good);
          for (const { at, byte } of changes) bytes[at] = byte;
          for (const damaged of [bytes, bytes.subarray(0, end)]) {
            try {
              checkModule(damaged);
            } catch (error) {
              expect(error).instanceOf(PomlError);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

const I32 = OP.zero;
const I64 = [0x42, 0];
const F32 = FLOAT_ZERO;
const F64 = [0x44, 0, 0, 0, 0, 0, 0, 0, 0];

/** Constants that a numeric instruction of WebAssembly 1.0 takes, by the ranges of its specification. */
function operandsOf(opcode: number): readonly number[] | undefined {
  const ranges: readonly (readonly [last: number, operands: readonly number[]])[] = [
    [0x45, I32],
    [0x4f, [...I32, ...I32]],
    [0x50, I64],
    [0x5a, [...I64, ...I64]],
    [0x60, [...F32, ...F32]],
    [0x66, [...F64, ...F64]],
    [0x69, I32],
    [0x78, [...I32, ...I32]],
    [0x7b, I64],
    [0x8a, [...I64, ...I64]],
    [0x91, F32],
    [0x98, [...F32, ...F32]],
    [0x9f, F64],
    [0xa6, [...F64, ...F64]],
    [0xa7, I64],
    [0xa9, F32],
    [0xab, F64],
    [0xad, I32],
    [0xaf, F32],
    [0xb1, F64],
    [0xb3, I32],
    [0xb5, I64],
    [0xb6, F64],
    [0xb8, I32],
    [0xba, I64],
    [0xbb, F32],
    [0xbc, F32],
    [0xbd, F64],
    [0xbe, I32],
    [0xbf, I64],
    [0xc1, I32],
    [0xc4, I64],
  ];
  return ranges.find(([last]) => opcode <= last)?.[1];
}

function makesFloat(opcode: number): boolean {
  return (opcode >= 0xb2 && opcode <= 0xbb) || opcode === 0xbe || opcode === 0xbf;
}
