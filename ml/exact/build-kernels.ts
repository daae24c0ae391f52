/**
 * Compiles the AssemblyScript kernels to `kernels.wasm` and records their hash. The bytes are part of
 * the protocol (their SHA-256 is a chain parameter), so both files are committed and a test rebuilds
 * them. Run with `npm run build:kernels`.
 */

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { sha256Hex } from "./sha256.ts";

const OPTIONS = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--importMemory",
  "--initialMemory",
  "1",
  "--enable",
  "bulk-memory",
  "--disable",
  "sign-extension",
];
const ENTRY = "kernels/index.ts";
const OUTPUT = "kernels.wasm";

/**
 * @param simd false builds with plain scalar instructions, which give the same numbers more slowly
 * @returns the WebAssembly module
 */
export async function buildKernels({ simd = true } = {}): Promise<Uint8Array<ArrayBuffer>> {
  const features = [simd ? "--enable" : "--disable", "simd"];
  let output: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([ENTRY, "--outFile", OUTPUT, ...OPTIONS, ...features], {
    readFile: (name: string) => readFile(new URL(name, import.meta.url), "utf8").catch(() => null),
    writeFile: (name: string, contents: string | Uint8Array) => {
      if (name === OUTPUT && typeof contents !== "string") output = Uint8Array.from(contents);
    },
    listFiles: () => [],
  });
  if (error !== null || output === undefined) {
    throw new Error(`kernels do not compile: ${stderr.toString()}`, { cause: error });
  }
  return output;
}

/** Contents of engine-hash.ts for these kernels. */
export async function engineHashSource(kernels: Uint8Array<ArrayBuffer>): Promise<string> {
  return `/** SHA-256 of kernels.wasm; written by build-kernels.ts, never by hand. */
export const ENGINE_HASH = "${await sha256Hex(kernels)}";
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const kernels = await buildKernels();
  await writeFile(new URL(OUTPUT, import.meta.url), kernels);
  await writeFile(new URL("engine-hash.ts", import.meta.url), await engineHashSource(kernels));
}
