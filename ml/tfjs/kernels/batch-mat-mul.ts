/**
 * BatchMatMul for the wasm backend; operands in transposed form are transposed first. The original has a fast path
 * (XNNPACK) only for plain operands, but every gradient of a dense layer needs a transposed one.
 */

import { KernelScope, type Tf, WASM } from "./kernel-scope.ts";

const NAME = "BatchMatMul";

export function registerBatchMatMul(tf: Tf): void {
  const original = tf.getKernel(NAME, WASM);
  tf.unregisterKernel(NAME, WASM);
  tf.registerKernel({
    ...original,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { a, b } = inputs;
      if (a === undefined || b === undefined) throw new TypeError("BatchMatMul: expected a and b");
      if (attrs?.transposeA !== true && attrs?.transposeB !== true) {
        return original.kernelFunc({ inputs, backend, ...(attrs && { attrs }) });
      }
      const scope = new KernelScope(tf, backend);
      const left = attrs.transposeA === true ? scope.transpose(a, swapped(a.shape.length)) : a;
      const right = attrs.transposeB === true ? scope.transpose(b, swapped(b.shape.length)) : b;
      const product = original.kernelFunc({
        inputs: { a: left, b: right },
        attrs: { transposeA: false, transposeB: false },
        backend,
      });
      const [result] = Array.isArray(product) ? product : [product];
      if (result === undefined) throw new TypeError("BatchMatMul made no output");
      return scope.end(result);
    },
  });
}

/** The axes of a tensor of `rank` with the last two exchanged. */
function swapped(rank: number): readonly number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}
