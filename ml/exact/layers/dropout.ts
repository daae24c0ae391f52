/** Dropout with masks drawn from a counter; see docs/exact-engine.md "Dropout". */

import type { DropoutLayer } from "../../model/program.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

/** @param seed of this layer in the current step */
export function planDropout(
  { size, rate }: DropoutLayer,
  { arena, batchSize, input, inPlace }: PlanContext,
  seed: () => number,
): LayerPlan {
  const output = inPlace ? input : arena.reserve(batchSize * size);
  const threshold = Math.floor(rate * 2 ** 32);
  const scale = Math.fround(1 / (1 - rate));
  return {
    output,
    scratch: 0,
    reads: "nothing",
    elementwise: true,
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.dropout(input, output, count * size, seed(), threshold, scale),
    evaluate: ({ kernels }) =>
      inPlace ? null : (count) => kernels.copyRows(input, 0, output, 0, 1, count * size * 4),
    backward:
      ({ kernels }, d) =>
      (count) =>
        kernels.dropout(d, d, count * size, seed(), threshold, scale),
  };
}

/** The seed of dropout layer `layer` (from 0) in a step seeded with `stepSeed`: 32 mixed bits. */
export function dropoutSeed(stepSeed: number, layer: number): number {
  let mixed = (stepSeed ^ Math.imul(layer + 1, 0x9e3779b9)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
