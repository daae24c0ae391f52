/**
 * Max and average pooling. The position of each maximum is kept for the backward pass. If a relu comes directly before
 * a max pooling, its gradient mask is applied here, to the pooled values: the winner is positive exactly when the
 * pooled output is.
 */
import type { PoolLayer, Window } from "../../model/program.ts";
import type { PoolGeometry } from "../geometry.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

/** @param afterRelu true when a relu right before leaves its mask to this layer */
export function planPool2d(layer: PoolLayer, context: PlanContext, afterRelu: boolean): LayerPlan {
  return layer.kind === "maxPool2d"
    ? planMaxPool2d(layer, context, afterRelu)
    : planAveragePool2d(layer, context);
}

function planMaxPool2d(
  { window, size }: PoolLayer,
  { arena, batchSize, input }: PlanContext,
  afterRelu: boolean,
): LayerPlan {
  const geometry = geometryOf(window);
  const inputSize = window.inputHeight * window.inputWidth * window.channels;
  const output = arena.reserve(batchSize * size);
  const winners = arena.reserve(batchSize * size);
  return {
    output,
    scratch: 0,
    reads: afterRelu ? "sign" : "nothing",
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.maxPoolForward(count, input, ...geometry, output, winners),
    backward:
      ({ kernels }, dOutput, [dInput = 0]) =>
      (count) => {
        if (afterRelu) kernels.reluBackward(output, dOutput, count * size);
        kernels.maxPoolBackward(dOutput, winners, count * size, dInput, count * inputSize);
      },
  };
}

function planAveragePool2d(
  { window, size }: PoolLayer,
  { arena, batchSize, input }: PlanContext,
): LayerPlan {
  const geometry = geometryOf(window);
  const output = arena.reserve(batchSize * size);
  return {
    output,
    scratch: 0,
    reads: "nothing",
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.averagePoolForward(count, input, ...geometry, output),
    backward:
      ({ kernels }, dOutput, [dInput = 0]) =>
      (count) =>
        kernels.averagePoolBackward(count, dInput, ...geometry, dOutput),
  };
}

function geometryOf(window: Window): PoolGeometry {
  return [
    window.inputHeight,
    window.inputWidth,
    window.channels,
    window.windowHeight,
    window.windowWidth,
    window.strideHeight,
    window.strideWidth,
    window.padTop,
    window.padLeft,
    window.outputHeight,
    window.outputWidth,
  ];
}
