/**
 * Runs registered kernels inside a kernel of our own and frees their results. Inside a kernel the engine tracks
 * nothing, so every intermediate result must be freed explicitly.
 */

import type { DataId, KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";

export type Tf = typeof import("@tensorflow/tfjs-core");

export const WASM = "wasm";

export class KernelScope {
  readonly #tf: Tf;
  readonly #backend: KernelBackend;
  readonly #made: DataId[] = [];

  constructor(tf: Tf, backend: unknown) {
    this.#tf = tf;
    this.#backend = backend as KernelBackend;
  }

  /** The only output of a kernel; `end` frees it unless it is the result. */
  run(name: string, inputs: Record<string, TensorInfo>, attrs: object): TensorInfo {
    const kernel = this.#tf.getKernel(name, WASM);
    const output = kernel.kernelFunc({ inputs, attrs: { ...attrs }, backend: this.#backend });
    const info = Array.isArray(output) ? output[0] : output;
    if (info === undefined) throw new TypeError(`kernel ${name} made no output`);
    this.#made.push(info.dataId);
    return info;
  }

  transpose(x: TensorInfo, perm: readonly number[]): TensorInfo {
    return this.run("Transpose", { x }, { perm });
  }

  /** Frees everything except `result`, which it returns. */
  end(result: TensorInfo): TensorInfo {
    for (const dataId of this.#made) {
      if (dataId !== result.dataId) this.#backend.disposeData(dataId);
    }
    return result;
  }
}
