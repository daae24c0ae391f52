/** Layer normalisation: every vector is normalised by its own mean and variance. */

import type { LayerNormLayer } from "../../model/program.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

export function planLayerNorm(
  { size, channels, epsilon, ...layer }: LayerNormLayer,
  { arena, batchSize, input, weight }: PlanContext,
): LayerPlan {
  const gamma = weight(layer.gamma);
  const beta = weight(layer.beta);
  const perSample = size / channels;
  const output = arena.reserve(batchSize * size);
  const mean = arena.reserve(batchSize * perSample);
  const inverse = arena.reserve(batchSize * perSample);
  return {
    output,
    scratch: 0,
    reads: "nothing",

    forward({ kernels }) {
      return (count) =>
        kernels.layerNormForward(
          input,
          count * perSample,
          channels,
          epsilon,
          gamma.value,
          beta.value,
          mean,
          inverse,
          output,
        );
    },

    backward({ kernels }, d, [dInput = 0]) {
      return (count) => {
        const rows = count * perSample;
        const { gradient } = gamma;
        if (gradient !== 0 || beta.gradient !== 0) {
          const perRow = 1;
          const target = beta.gradient;
          kernels.normGradients(input, d, rows, channels, mean, inverse, perRow, gradient, target);
        }
        if (dInput === 0) return;
        const { value } = gamma;
        kernels.layerNormInputGradient(input, d, rows, channels, mean, inverse, value, dInput);
      };
    },
  };
}
