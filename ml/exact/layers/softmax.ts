/** Softmax over the last dimension. */

import type { SoftmaxLayer } from "../../model/program.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

export function planSoftmax(
  { size, classes }: SoftmaxLayer,
  { arena, batchSize, input, inPlace }: PlanContext,
): LayerPlan {
  const output = inPlace ? input : arena.reserve(batchSize * size);
  const rows = size / classes;
  return {
    output,
    scratch: 0,
    reads: "values",
    elementwise: true,
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.softmax(input, output, count * rows, classes),
    backward:
      ({ kernels }, d) =>
      (count) =>
        kernels.softmaxBackward(output, d, count * rows, classes),
  };
}
