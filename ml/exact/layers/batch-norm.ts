/**
 * Batch normalisation. In training it uses the batch's own statistics, which also move the stored ones; in an
 * evaluation it uses the stored ones.
 */

import type { BatchNormLayer } from "../../model/program.ts";
import type { LayerPlan, PlanContext } from "./layer-plan.ts";

export function planBatchNorm(
  { size, channels, epsilon, momentum, ...layer }: BatchNormLayer,
  { arena, batchSize, input, weight }: PlanContext,
): LayerPlan {
  const gamma = weight(layer.gamma);
  const beta = weight(layer.beta);
  const movingMean = weight(layer.movingMean).value;
  const movingVariance = weight(layer.movingVariance).value;
  const output = arena.reserve(batchSize * size);
  const mean = arena.reserve(channels);
  const variance = arena.reserve(channels);
  const inverse = arena.reserve(channels);
  // The input gradient needs both sums, even if they are not gradients of weights.
  const dGamma = gamma.gradient || arena.reserve(channels);
  const dBeta = beta.gradient || arena.reserve(channels);
  const decay = Math.fround(1 - momentum);
  const rowsOf = (count: number): number => count * (size / channels);
  return {
    output,
    scratch: 0,
    reads: "nothing",

    forward({ kernels }) {
      return (count) => {
        const rows = rowsOf(count);
        kernels.channelMoments(input, rows, channels, mean, variance);
        kernels.moveAverage(movingMean, mean, channels, decay);
        kernels.moveAverage(movingVariance, variance, channels, decay);
        kernels.inverseDeviation(variance, channels, epsilon, inverse);
        const { value } = gamma;
        kernels.batchNormForward(input, rows, channels, mean, inverse, value, beta.value, output);
      };
    },

    evaluate({ kernels }) {
      return (count) => {
        kernels.inverseDeviation(movingVariance, channels, epsilon, inverse);
        kernels.batchNormForward(
          input,
          rowsOf(count),
          channels,
          movingMean,
          inverse,
          gamma.value,
          beta.value,
          output,
        );
      };
    },

    backward({ kernels }, d, [dInput = 0]) {
      return (count) => {
        const rows = rowsOf(count);
        kernels.normGradients(input, d, rows, channels, mean, inverse, 0, dGamma, dBeta);
        if (dInput === 0) return;
        kernels.batchNormInputGradient(
          input,
          d,
          rows,
          channels,
          mean,
          inverse,
          gamma.value,
          dGamma,
          dBeta,
          dInput,
        );
      };
    },
  };
}
