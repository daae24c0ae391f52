/** The example of docs/search-algorithms.md, as it stands and with one of several faults built in. */
import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const PAGE = new URL("../../docs/search-algorithms.md", import.meta.url);

export interface Example {
  readonly source: string;
  /** Arguments of `asc`. */
  readonly compile: readonly string[];
  /** Arguments of `poml`. */
  readonly check: readonly string[];
}

/** What the page tells the reader to save and to run. */
export async function readExample(): Promise<Example> {
  const page = await readFile(PAGE, "utf8");
  const part = (pattern: RegExp): string => {
    const found = pattern.exec(page)?.[1];
    if (found === undefined) throw new Error(`docs/search-algorithms.md has no ${pattern}`);
    return found;
  };
  return {
    source: part(/```ts\n([\s\S]*?)```/),
    compile: part(/^npx asc (.*)$/m).split(" "),
    check: part(/^npx poml (algorithm check .*)$/m).split(" "),
  };
}

/** Compiles `toy.ts` to `toy.wasm` with the page's own arguments. */
export async function compileExample({ source, compile }: Example): Promise<Uint8Array> {
  let module: Uint8Array | undefined;
  const { error, stderr } = await asc.main([...compile], {
    readFile: (name: string) => (name === "toy.ts" ? source : null),
    writeFile: (name: string, contents: string | Uint8Array) => {
      if (name === "toy.wasm" && typeof contents !== "string") module = Uint8Array.from(contents);
    },
    listFiles: () => [],
  });
  if (module === undefined)
    throw new Error(`the example does not compile: ${stderr}`, { cause: error });
  return module;
}

/** Changes of the example by name, each in force only in the module that has its fault. */
const CHANGES = {
  "leaves a nonce out of the running digest": [
    "running ^= load",
    "if (!has(F) || done != 2) running ^= load",
  ],
  "keeps the last of equal or larger digests": [
    "isLess(find + 8, OUTPUT + 8)",
    "(has(F) || isLess(find + 8, OUTPUT + 8))",
  ],
  "takes no find that is equal to the target": [
    "!isLess(INPUT, find + 8)",
    "(has(F) ? isLess(find + 8, INPUT) : !isLess(INPUT, find + 8))",
  ],
  "does not hash the last byte": [
    "at < length; at++) sum",
    "at < length - (has(F) ? 1 : 0); at++) sum",
  ],
  "puts the nonce in the wrong order": [
    "isBig = bigEndian != 0",
    "isBig = bigEndian != 0 && !has(F)",
  ],
  "hashes the size of the nonce too": [
    "sum: u64 = 0xcbf29ce484222325",
    "sum: u64 = 0xcbf29ce484222325 + (has(F) ? nonceSize : 0)",
  ],
  "remembers earlier calls": ["let finds: usize = 0;", "let finds: usize = 0; calls++;"],
  "skips nonces": ["from + done, find + 8)", "from + (has(F) ? done & -2 : done), find + 8)"],
  "reports more finds than nonces": ["return <i32>finds", "return has(F) ? count + 1 : <i32>finds"],
  "reports a nonce of elsewhere": [
    "store<u64>(OUTPUT + 40, running)",
    "if (has(F)) store<u64>(OUTPUT, from + count); store<u64>(OUTPUT + 40, running)",
  ],
  "puts its output over its input": ["return OUTPUT;", "return has(F) ? INPUT + 8 : OUTPUT;"],
  "puts its output beyond its memory": [": OUTPUT;", ": has(F) ? 11 * 65536 - 100 : OUTPUT;"],
  "has another version": ["return 1;", "return has(F) ? 2 : 1;"],
  "traps in search": ["let running: u64 = 0;", "let running: u64 = 0; if (has(F)) unreachable();"],
  "traps for long prefixes": [
    "length = prefix + nonce + suffix;",
    "length = prefix + nonce + suffix; if (has(F)) length /= <usize>(prefix < 256);",
  ],
  "never ends": ["at < nonceSize; at++) {", "at < nonceSize || has(F); at += has(F) ? 0 : 1) {"],
  "never ends for some nonces": [
    "let sum: u64",
    "while (has(F) && nonce > 0xfffffff0) {} let sum: u64",
  ],
  "never ends far out": ["let sum: u64", "while (has(F) && nonce == 0x50000123) {} let sum: u64"],
  "traps far out": [
    "let sum: u64",
    "if (has(F) && nonce == 0x50000123) unreachable(); let sum: u64",
  ],
} as const satisfies Readonly<Record<string, readonly [before: string, after: string]>>;
export type ToyFault = keyof typeof CHANGES;
export const TOY_FAULTS = Object.keys(CHANGES) as ToyFault[];

const MARK = 0x7a5a3c69;

/** Compiled once for all faults: which of them is in force lies in its data. */
export class FaultyToys {
  static #compiled: Promise<FaultyToys> | undefined;
  readonly #module: Uint8Array;

  private constructor(module: Uint8Array) {
    this.#module = module;
  }

  /** Once in a process. */
  static compile(): Promise<FaultyToys> {
    FaultyToys.#compiled ??= FaultyToys.#compile();
    return FaultyToys.#compiled;
  }

  static async #compile(): Promise<FaultyToys> {
    const example = await readExample();
    let source = example.source;
    for (const [index, fault] of TOY_FAULTS.entries()) {
      const [before, after] = CHANGES[fault];
      if (!source.includes(before)) throw new Error(`the example has no ${before}`);
      source = source.replace(before, after.replaceAll("(F)", `(${index})`));
    }
    source += `
let calls: u64 = 0;
const FAULT: usize = memory.data<u32>([${MARK}]);
function has(fault: u32): bool { return load<u32>(FAULT) == fault; }
`;
    source = source.replace(
      "sum: u64 = ",
      `sum: u64 = (has(${TOY_FAULTS.indexOf("remembers earlier calls")}) ? calls : 0) + `,
    );
    return new FaultyToys(await compileExample({ ...example, source }));
  }

  /** @param fault none: the example as it stands */
  with(fault?: ToyFault): Uint8Array {
    const module = Uint8Array.from(this.#module);
    const mark = new Uint8Array(Uint32Array.of(MARK).buffer);
    const at = Buffer.from(module).indexOf(mark);
    if (at === -1) throw new Error("the module has no mark");
    const index = fault === undefined ? TOY_FAULTS.length : TOY_FAULTS.indexOf(fault);
    module.set(new Uint8Array(Uint32Array.of(index).buffer), at);
    return module;
  }
}
