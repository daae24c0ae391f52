/**
 * Dense layer: outputs = inputs x kernel + bias, with relu in the same pass. The input gradient is
 * computed transposed (kernel x output gradient), so that the kernel never has to be transposed.
 */

import type { DenseLayer } from "../../model/program.ts";
import { roundUp } from "../panels.ts";
import type { LayerPlan, PlanContext, WeightOffsets } from "./layer-plan.ts";

/** Samples that share one pass over a panel of the kernel. */
const FORWARD_BLOCK = 64;
/** Kernel rows that stay in cache while all sample panels pass. */
const BACKWARD_BLOCK = 16;

export function planDense(
  { inputSize, outputSize }: DenseLayer,
  { arena, batchSize, input }: PlanContext,
  weights: WeightOffsets,
  relu: boolean,
): LayerPlan {
  const output = arena.reserve(batchSize * outputSize);
  const sampleTable = arena.table(batchSize, (sample) => sample * inputSize * 4);
  const kernelTable = arena.table(inputSize, (row) => row * 32);
  const depth = roundUp(outputSize, 8);
  const gradientPanels = roundUp(batchSize, 8) * depth;
  return {
    output,
    outputSize,
    scratch: gradientPanels + inputSize * batchSize,
    inPlace: false,

    forward({ kernels }) {
      const { kernel, bias } = weights;
      return (count) =>
        kernels.gemm(
          count,
          outputSize,
          FORWARD_BLOCK,
          input,
          sampleTable,
          1,
          inputSize,
          0,
          kernel,
          bias,
          relu ? 1 : 0,
          output,
          outputSize * 4,
        );
    },

    backward({ kernels, scratch }, dOutput, dInput) {
      const { kernel, kernelGradient, bias, biasGradient } = weights;
      const transposed = scratch + gradientPanels * 4;
      const nextPanel = inputSize * 32 - 32;
      return (count) => {
        if (relu) kernels.reluBackward(output, dOutput, count * outputSize);
        kernels.packPanels(dOutput, count, outputSize, scratch);
        kernels.kernelGradient(
          count,
          outputSize,
          input,
          sampleTable,
          1,
          inputSize,
          0,
          scratch,
          kernelGradient,
          0,
        );
        if (bias !== 0) kernels.sumRows(dOutput, count, outputSize, biasGradient);
        if (dInput === 0) return;
        kernels.packTransposed(dOutput, count, outputSize, depth, scratch);
        kernels.gemm(
          inputSize,
          count,
          BACKWARD_BLOCK,
          kernel,
          kernelTable,
          depth / 8,
          8,
          nextPanel,
          scratch,
          0,
          0,
          transposed,
          count * 4,
        );
        kernels.transpose(transposed, inputSize, count, dInput);
      };
    },
  };
}
