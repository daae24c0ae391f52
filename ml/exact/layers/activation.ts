/** Activations that are separate layers, not part of a dense or convolution layer. */

import type { Activation, ActivationLayer } from "../../model/program.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

/** The numbers by which the kernels know them. */
export const ACTIVATIONS: Readonly<Record<Activation, number>> = {
  linear: 0,
  relu: 1,
  leakyRelu: 2,
  sigmoid: 3,
  tanh: 4,
  hardSigmoid: 5,
  gelu: 6,
};

/** @param masked false when the following max pooling applies the gradient mask of a relu */
export function planActivation(
  { size, activation, alpha }: ActivationLayer,
  { arena, batchSize, input, inPlace }: PlanContext,
  masked: boolean,
): LayerPlan {
  const kind = ACTIVATIONS[activation];
  const needsInput = activation === "gelu";
  const output = inPlace && !needsInput ? input : arena.reserve(batchSize * size);
  const signOnly = activation === "relu" || activation === "leakyRelu";
  return {
    output,
    scratch: 0,
    reads: needsInput ? "nothing" : signOnly ? "sign" : "values",
    elementwise: true,
    forward:
      ({ kernels }) =>
      (count) =>
        kernels.activate(kind, alpha, input, output, count * size),
    backward:
      ({ kernels }, d) =>
      (count) => {
        if (activation !== "relu") {
          kernels.activateBackward(kind, alpha, input, output, d, count * size);
        } else if (masked) kernels.reluBackward(output, d, count * size);
      },
  };
}
