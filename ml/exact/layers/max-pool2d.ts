/**
 * Max pooling; the position of each maximum is kept for the backward pass. When a relu comes right
 * before, its gradient mask is applied here, on the pooled values: the winner is positive exactly
 * when the pooled output is.
 */

import type { MaxPool2dLayer } from "../../model/program.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

export function planMaxPool2d(
  { window }: MaxPool2dLayer,
  { arena, batchSize, input }: PlanContext,
  afterRelu: boolean,
): LayerPlan {
  const { inputHeight, inputWidth, channels, outputHeight, outputWidth } = window;
  const { windowHeight, windowWidth, strideHeight, strideWidth, padTop, padLeft } = window;
  const inputSize = inputHeight * inputWidth * channels;
  const outputSize = outputHeight * outputWidth * channels;
  const output = arena.reserve(batchSize * outputSize);
  const winners = arena.reserve(batchSize * outputSize);
  return {
    output,
    outputSize,
    scratch: 0,
    inPlace: false,

    forward({ kernels }) {
      return (count) =>
        kernels.maxPoolForward(
          count,
          input,
          inputHeight,
          inputWidth,
          channels,
          windowHeight,
          windowWidth,
          strideHeight,
          strideWidth,
          padTop,
          padLeft,
          outputHeight,
          outputWidth,
          output,
          winners,
        );
    },

    backward({ kernels }, dOutput, dInput) {
      return (count) => {
        if (afterRelu) kernels.reluBackward(output, dOutput, count * outputSize);
        kernels.maxPoolBackward(dOutput, winners, count * outputSize, dInput, count * inputSize);
      };
    },
  };
}
