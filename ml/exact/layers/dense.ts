/** Dense layer: outputs = inputs x kernel + bias, with relu in the same pass. */

import type { DenseLayer } from "../../model/program.ts";
import { WeightProduct } from "../weight-product.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

export function planDense(
  { rows, inputSize, outputSize, ...layer }: DenseLayer,
  { arena, batchSize, input, weight }: PlanContext,
  relu: boolean,
): LayerPlan {
  const kernel = weight(layer.kernel);
  const bias = weight(layer.bias);
  const total = batchSize * rows;
  const output = arena.reserve(total * outputSize);
  const table = arena.table(total, (row) => row * inputSize * 4);
  const product = new WeightProduct(arena, { rows: total, inputSize, outputSize });
  const fused = { bias: bias.value, relu };
  return {
    output,
    scratch: product.scratch,
    reads: relu ? "sign" : "nothing",

    forward({ kernels }) {
      return (samples) => {
        const inputRows = { count: samples * rows, at: input, table };
        product.forward(kernels, inputRows, kernel.value, fused, output);
      };
    },

    backward(context, dOutput, [dInput = 0]) {
      const { kernels } = context;
      const d = { at: dOutput, rowBytes: outputSize * 4 };
      return (samples) => {
        const count = samples * rows;
        if (relu) kernels.reluBackward(output, dOutput, count * outputSize);
        product.weightGradient(context, { count, at: input, table }, d, kernel.gradient);
        if (bias.value !== 0) kernels.sumRows(dOutput, count, outputSize, bias.gradient);
        if (dInput !== 0) product.inputGradient(context, count, kernel.value, d, dInput);
      };
    },
  };
}
