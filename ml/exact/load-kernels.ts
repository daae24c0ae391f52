/**
 * The pinned WebAssembly module: read, checked against its published hash, compiled once. Each
 * trainer links it to its own memory. What the kernels compute is written in docs/exact-engine.md.
 */

import { EngineError } from "../engine-error.ts";
import { ENGINE_HASH } from "./engine-hash.ts";
import { sha256Hex } from "./sha256.ts";

/** All addresses are byte offsets into the linked memory; sizes count values or rows. */
export interface Kernels {
  gemm(
    rows: number,
    columns: number,
    rowBlock: number,
    a: number,
    rowTable: number,
    runs: number,
    runLength: number,
    jump: number,
    b: number,
    bias: number,
    relu: number,
    c: number,
    cRow: number,
  ): void;
  kernelGradient(
    terms: number,
    columns: number,
    a: number,
    termTable: number,
    runs: number,
    runLength: number,
    jump: number,
    d: number,
    g: number,
    accumulate: number,
  ): void;
  packPanels(x: number, rows: number, columns: number, out: number): void;
  packTransposed(x: number, rows: number, columns: number, depth: number, out: number): void;
  packFlipped(kernel: number, taps: number, channels: number, filters: number, out: number): void;
  transpose(x: number, rows: number, columns: number, out: number): void;
  sumRows(x: number, rows: number, columns: number, out: number): void;
  padImage(
    x: number,
    height: number,
    width: number,
    channels: number,
    out: number,
    outHeight: number,
    outWidth: number,
    top: number,
    left: number,
    stepY: number,
    stepX: number,
  ): void;
  patches(
    x: number,
    cornerTable: number,
    positions: number,
    imageWidth: number,
    channels: number,
    windowHeight: number,
    windowWidth: number,
    rowLength: number,
    out: number,
  ): void;
  maxPoolForward(
    batch: number,
    x: number,
    height: number,
    width: number,
    channels: number,
    windowHeight: number,
    windowWidth: number,
    strideHeight: number,
    strideWidth: number,
    top: number,
    left: number,
    outHeight: number,
    outWidth: number,
    y: number,
    winners: number,
  ): void;
  maxPoolBackward(dy: number, winners: number, outputs: number, dx: number, inputs: number): void;
  reluForward(x: number, size: number): void;
  reluBackward(y: number, dy: number, size: number): void;
  dropout(x: number, size: number, seed: number, threshold: number, scale: number): void;
  softmax(x: number, rows: number, classes: number): void;
  /** `start` plus the sum of -ln p[label] over the rows. */
  crossEntropy(p: number, labels: number, rows: number, classes: number, start: number): number;
  crossEntropyGradient(
    p: number,
    labels: number,
    rows: number,
    classes: number,
    d: number,
    scale: number,
  ): void;
  countConfusion(p: number, labels: number, rows: number, classes: number, confusion: number): void;
  sgd(w: number, g: number, size: number, rate: number): void;
  sgdMomentum(w: number, v: number, g: number, size: number, rate: number, momentum: number): void;
}

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
