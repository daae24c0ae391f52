/**
 * The pinned WebAssembly module: read, checked against its published hash, and compiled once. Each trainer links it to
 * its own memory. docs/exact-engine.md describes what the kernels compute.
 */

import { EngineError } from "../engine-error.ts";
import { ENGINE_HASH } from "./engine-hash.ts";
import type { Kernels } from "./kernel-exports.ts";
import { sha256Hex } from "./sha256.ts";

/**
 * @param bytes contents of kernels.wasm
 * @throws EngineError KERNELS_CHANGED when they are not the pinned bytes, NO_SIMD
 */
export async function compileKernels(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  const actual = await sha256Hex(bytes);
  if (actual !== ENGINE_HASH) {
    throw new EngineError(
      `kernels.wasm is not the pinned engine: its SHA-256 is ${actual}`,
      { code: "KERNELS_CHANGED", expected: ENGINE_HASH, actual },
      { remedy: "reinstall poml, or run `npm run build:kernels` after changing the kernels" },
    );
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new EngineError(
      "this runtime cannot compile WebAssembly SIMD",
      { code: "NO_SIMD" },
      { remedy: "use Node 22 or a browser of 2023 or later", cause },
    );
  }
}

export function linkKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports as unknown as Kernels;
}
