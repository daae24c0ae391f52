/**
 * Compiles the AssemblyScript kernels to `algorithms/*.wasm` and records their hashes. The hash of a module's bytes is
 * the algorithm's name on the network, so all of these files are committed and a test rebuilds them. Run with
 * `npm run build:kernels`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { sha256, toHex } from "../../chain/crypto/hash.ts";

/** 11 pages hold the finds of one call and everything else. */
const PAGES = "11";
const OPTIONS = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--initialMemory",
  PAGES,
  "--maximumMemory",
  PAGES,
  "--enable",
  "bulk-memory",
  "--enable",
  "simd",
  "--disable",
  "sign-extension",
];
const OUTPUT = "algorithm.wasm";

export const KERNELS = ["sha256", "sha256d", "blake2b"] as const;
export type KernelName = (typeof KERNELS)[number];

/**
 * @param entry name of a source file without `.ts`
 * @param source the text of a file, null when there is none; default: the kernels of this folder
 * @returns the WebAssembly module
 */
export async function buildAlgorithm(
  entry: string,
  source: (name: string) => Promise<string | null> = kernelSource,
): Promise<Uint8Array<ArrayBuffer>> {
  let output: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([`${entry}.ts`, "--outFile", OUTPUT, ...OPTIONS], {
    readFile: source,
    writeFile: (name: string, contents: string | Uint8Array) => {
      if (name === OUTPUT && typeof contents !== "string") output = Uint8Array.from(contents);
    },
    listFiles: () => [],
  });
  if (error !== null || output === undefined) {
    throw new Error(`${entry} does not compile: ${stderr.toString()}`, { cause: error });
  }
  return output;
}

/** Contents of algorithm-hashes.ts for these modules. */
export function hashesSource(modules: ReadonlyMap<KernelName, Uint8Array>): string {
  const rows = [...modules].map(([name, bytes]) => `  ${name}: "${toHex(sha256(bytes))}",\n`);
  return `/** SHA-256 of algorithms/*.wasm; written by build-kernels.ts; do not edit. */
export const ALGORITHM_HASHES = {
${rows.join("")}} as const;
`;
}

export function algorithmFile(name: KernelName): URL {
  return new URL(`algorithms/${name}.wasm`, import.meta.url);
}

function kernelSource(name: string): Promise<string | null> {
  return readFile(new URL(`kernels/${name}`, import.meta.url), "utf8").catch(() => null);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const modules = new Map<KernelName, Uint8Array>();
  for (const name of KERNELS) modules.set(name, await buildAlgorithm(name));
  for (const [name, bytes] of modules) await writeFile(algorithmFile(name), bytes);
  await writeFile(new URL("algorithm-hashes.ts", import.meta.url), hashesSource(modules));
}
