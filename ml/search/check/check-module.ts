/**
 * Checks the bytes of a module before it runs. A module that passes can read nothing but its input, computes the same
 * on every machine, and takes no more memory or stack than it declares. Whether it ends, and whether its answers are
 * consistent, is tested by `probe.ts`.
 */
import { FUNCTIONS, MAX_MODULE_BYTES, MAX_PAGES, type Signature } from "../abi.ts";
import { AlgorithmError, malformed, tooLarge } from "../algorithm-error.ts";
import { type FunctionScan, scanFunction } from "./instructions.ts";
import { type ModuleShape, readModule } from "./read-module.ts";

export interface ModuleFacts {
  /** Pages of 64 KiB. */
  readonly pages: number;
  readonly maxPages: number;
  readonly functions: number;
}

/** The limit for the stack of all functions together. */
const MAX_LOCALS = 8192;
const MAX_TABLE_ENTRIES = 1024;
const SHARED = 2;
const WIDE = 4;

/**
 * @throws AlgorithmError ALGORITHM_TOO_LARGE, ALGORITHM_MALFORMED, ALGORITHM_IMPORTS, ALGORITHM_EXPORT,
 *   ALGORITHM_MEMORY, ALGORITHM_INSTRUCTION, ALGORITHM_RECURSION
 */
export function checkModule(bytes: Uint8Array): ModuleFacts {
  if (bytes.length > MAX_MODULE_BYTES) {
    throw tooLarge("bytes", bytes.length, MAX_MODULE_BYTES);
  }
  const shape = readModule(bytes);
  checkImports(shape.imports);
  checkExports(shape);
  const memory = checkMemory(shape);
  checkCode(shape);
  return { ...memory, functions: shape.bodies.length };
}

function checkImports(imports: readonly string[]): void {
  if (imports.length === 0) return;
  throw new AlgorithmError(
    `the module imports ${imports.slice(0, 8).join(", ")}`,
    { code: "ALGORITHM_IMPORTS", imports: imports.slice(0, 8) },
    { remedy: "nothing may be imported; in AssemblyScript env.abort goes with `--use abort=`" },
  );
}

function checkExports(shape: ModuleShape): void {
  for (const [name, signature] of Object.entries(FUNCTIONS)) {
    const found = shape.exports.get(name);
    const actual =
      found?.kind === "function" ? (shape.signatures[found.index] ?? "nothing") : found?.kind;
    checkExport(name, signatureText(signature), actual);
  }
  checkExport("memory", "memory", shape.exports.get("memory")?.kind);
}

function checkExport(name: string, expected: string, actual = "nothing"): void {
  if (actual === expected) return;
  throw new AlgorithmError(
    `the module must export ${name} as ${expected}, it exports ${actual}`,
    { code: "ALGORITHM_EXPORT", name, expected, actual },
    { remedy: "docs/search-algorithms.md lists all exports" },
  );
}

function signatureText({ parameters, results }: Signature): string {
  return `(${parameters.join(", ")}) -> (${results.join(", ")})`;
}

function checkMemory({ memories, tableEntries }: ModuleShape): { pages: number; maxPages: number } {
  const [memory, another] = memories;
  if (memory === undefined) throw wrongMemory("it has none");
  if (another !== undefined) throw wrongMemory("it has more than one");
  const { flags, initial, maximum } = memory;
  if ((flags & SHARED) !== 0) throw wrongMemory("it is shared between threads");
  if ((flags & WIDE) !== 0) throw wrongMemory("it has addresses of 64 bits");
  if (maximum === undefined) throw wrongMemory("it declares no maximum");
  if (maximum > MAX_PAGES) throw wrongMemory(`its maximum is ${maximum} pages`);
  if (tableEntries > MAX_TABLE_ENTRIES)
    throw wrongMemory(`its tables have ${tableEntries} entries`);
  return { pages: initial, maxPages: maximum };
}

function wrongMemory(reason: string): AlgorithmError {
  return new AlgorithmError(
    `the module's memory: ${reason}`,
    { code: "ALGORITHM_MEMORY", reason, limit: MAX_PAGES },
    {
      remedy: `declare one memory with a maximum of up to ${MAX_PAGES} pages, e.g. \`--initialMemory 11 --maximumMemory 11\` of AssemblyScript`,
    },
  );
}

function checkCode({ bodies, signatures }: ModuleShape): void {
  if (bodies.length !== signatures.length) {
    throw malformed(`${signatures.length} functions are declared, ${bodies.length} have code`);
  }
  const scans = bodies.map(scanFunction);
  for (const [index, { refused }] of scans.entries()) {
    if (refused === undefined) continue;
    const { instruction, offset } = refused;
    throw new AlgorithmError(
      `function ${index} uses ${instruction} at byte ${offset}`,
      { code: "ALGORITHM_INSTRUCTION", instruction, function: index, offset },
      {
        remedy: "use integers, fixed memory and direct calls: all else may differ between machines",
      },
    );
  }
  const locals = scans.reduce((sum, scan) => sum + scan.locals, 0);
  if (locals > MAX_LOCALS) throw tooLarge("locals", locals, MAX_LOCALS);
  checkDepth(scans);
}

/** No function may call itself, not even through others: the largest depth of calls differs between machines. */
function checkDepth(scans: readonly FunctionScan[]): void {
  const waiting = scans.map(({ calls }) => new Set(calls).size);
  const callers = scans.map((): number[] => []);
  for (const [caller, { calls }] of scans.entries()) {
    for (const callee of new Set(calls)) {
      const list = callers[callee];
      if (list === undefined) throw malformed(`function ${callee} does not exist`);
      list.push(caller);
    }
  }
  // Functions without calls are settled first; then, repeatedly, those that call settled functions only.
  const free = waiting.flatMap((count, index) => (count === 0 ? [index] : []));
  for (const index of free) {
    for (const caller of callers[index] ?? []) {
      const left = (waiting[caller] ?? 0) - 1;
      waiting[caller] = left;
      if (left === 0) free.push(caller);
    }
  }
  const caught = waiting.findIndex((count) => count > 0);
  if (caught === -1) return;
  throw new AlgorithmError(
    `function ${caught} may come to call itself`,
    { code: "ALGORITHM_RECURSION", function: caught },
    { remedy: "write a loop in place of the recursion" },
  );
}
