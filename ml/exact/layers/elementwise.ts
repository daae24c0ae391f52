/** Layers that work in place: relu on its own, and dropout with masks drawn from a counter. */

import type { DropoutLayer, ReluLayer } from "../../model/program.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

/** @param masked false when the following max pooling applies the gradient mask */
export function planRelu({ size }: ReluLayer, { input }: PlanContext, masked: boolean): LayerPlan {
  return {
    output: input,
    outputSize: size,
    scratch: 0,
    inPlace: true,
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.reluForward(input, count * size),
    backward:
      ({ kernels }, dOutput) =>
      (count) => {
        if (masked) kernels.reluBackward(input, dOutput, count * size);
      },
  };
}

/**
 * @param seed of this layer in the current step
 * @see docs/exact-engine.md "Dropout" for the mask
 */
export function planDropout(
  { size, rate }: DropoutLayer,
  { input }: PlanContext,
  seed: () => number,
): LayerPlan {
  const threshold = Math.floor(rate * 2 ** 32);
  const scale = Math.fround(1 / (1 - rate));
  return {
    output: input,
    outputSize: size,
    scratch: 0,
    inPlace: true,
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.dropout(input, count * size, seed(), threshold, scale),
    backward:
      ({ kernels }, dOutput) =>
      (count) =>
        kernels.dropout(dOutput, count * size, seed(), threshold, scale),
  };
}

/** The seed of dropout layer `layer` (from 0) in a step seeded with `stepSeed`: 32 mixed bits. */
export function dropoutSeed(stepSeed: number, layer: number): number {
  let mixed = (stepSeed ^ Math.imul(layer + 1, 0x9e3779b9)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
