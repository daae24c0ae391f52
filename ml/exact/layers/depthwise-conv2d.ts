/** Depthwise convolution, read in place: every channel has its own kernels. */
import type { DepthwiseConv2dLayer } from "../../model/program.ts";
import type { DepthwiseGeometry } from "../geometry.ts";
import { roundUp } from "../panels.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

export function planDepthwiseConv2d(
  { window, multiplier, size, ...layer }: DepthwiseConv2dLayer,
  { arena, batchSize, input, weight }: PlanContext,
): LayerPlan {
  const kernel = weight(layer.kernel);
  const bias = weight(layer.bias);
  const output = arena.reserve(batchSize * size);
  const columns = window.channels * multiplier;
  const kernelSize = window.windowHeight * window.windowWidth * roundUp(columns, 8);
  const geometry: DepthwiseGeometry = [
    window.inputHeight,
    window.inputWidth,
    window.channels,
    multiplier,
    window.windowHeight,
    window.windowWidth,
    window.strideHeight,
    window.strideWidth,
    window.dilationHeight,
    window.dilationWidth,
    window.padTop,
    window.padLeft,
    window.outputHeight,
    window.outputWidth,
  ];
  return {
    output,
    scratch: 0,
    reads: "nothing",
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.depthwiseForward(count, input, ...geometry, kernel.value, bias.value, output),
    backward:
      ({ kernels }, dOutput, [dInput = 0]) =>
      (count) => {
        const { gradient } = kernel;
        kernels.depthwiseKernelGradient(count, input, ...geometry, gradient, kernelSize, dOutput);
        if (bias.value !== 0) {
          kernels.sumRows(dOutput, count * (size / columns), columns, bias.gradient);
        }
        if (dInput !== 0) {
          kernels.depthwiseInputGradient(count, dInput, ...geometry, kernel.value, dOutput);
        }
      },
  };
}
