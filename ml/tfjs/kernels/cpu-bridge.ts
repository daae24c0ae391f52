/**
 * Kernels that the wasm backend lacks and that are too rare to rewrite: they run on the implementation of the cpu
 * backend, with the data copied there and back. Slow but correct.
 */

import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import { type Tf, WASM } from "./kernel-scope.ts";

const NAMES = [
  "DepthwiseConv2dNativeBackpropFilter",
  "DepthwiseConv2dNativeBackpropInput",
  "Einsum",
  "UnsortedSegmentSum",
] as const;

export function registerCpuKernels(tf: Tf): void {
  for (const name of NAMES) {
    if (tf.getKernel(name, WASM) !== undefined) continue;
    const { kernelFunc } = tf.getKernel(name, "cpu");
    tf.registerKernel({
      kernelName: name,
      backendName: WASM,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const wasm = backend as KernelBackend;
        const cpu = tf.engine().findBackend("cpu");
        const copies: Record<string, TensorInfo> = {};
        for (const [key, input] of Object.entries(inputs)) {
          if (input !== undefined) copies[key] = copy(input, wasm, cpu);
        }
        const output = kernelFunc({ inputs: copies, backend: cpu, ...(attrs && { attrs }) });
        const [made] = Array.isArray(output) ? output : [output];
        if (made === undefined) throw new TypeError(`kernel ${name} made no output`);
        const result = copy(made, cpu, wasm);
        for (const { dataId } of [...Object.values(copies), made]) cpu.disposeData(dataId);
        return result;
      },
    });
  }
}

function copy(
  { dataId, shape, dtype }: TensorInfo,
  from: KernelBackend,
  to: KernelBackend,
): TensorInfo {
  return { dataId: to.write(from.readSync(dataId), shape, dtype), shape, dtype };
}
