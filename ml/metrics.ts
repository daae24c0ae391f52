/**
 * Computes the metrics that a block carries from integer confusion counts, in integer arithmetic throughout: every node
 * with the same counts writes the same millionths.
 */
import { WHOLE } from "../chain/millionths.ts";
import { scoresOf } from "../chain/track/scores.ts";
import type { Metrics } from "../chain/types/train.ts";
import type { Evaluation } from "./engine.ts";

/** The largest value that the field of a block can hold. */
const LARGEST_LOSS = 2n ** 64n - 1n;

/**
 * The shares of chain/track/scores.ts, and the loss: the mean per sample, rounded to the nearest millionth, and limited
 * to 64 bits.
 * @throws RangeError for no samples, a loss that is not finite, or counts that are not a square
 */
export function metricsOf({ lossSum, samples, confusion }: Evaluation): Metrics {
  const meanLoss = lossSum / samples;
  if (!Number.isFinite(meanLoss)) {
    throw new RangeError(`metrics of ${samples} samples, loss sum ${lossSum}`);
  }
  const loss = BigInt(Math.round(meanLoss * WHOLE));
  return {
    loss: loss < LARGEST_LOSS ? loss : LARGEST_LOSS,
    ...scoresOf(confusion, samples),
  };
}

/** The same as plain numbers (0.875 for 875,000 millionths), for display and curves. */
export interface MetricRatios {
  readonly loss: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export function ratiosOf(metrics: Metrics): MetricRatios {
  const ratio = (micro: number): number => micro / WHOLE;
  return {
    loss: ratio(Number(metrics.loss)),
    accuracy: ratio(metrics.accuracy),
    precision: ratio(metrics.precision),
    recall: ratio(metrics.recall),
    f1: ratio(metrics.f1),
  };
}

/** Adds the counts of `part` to `total`, both classes x classes. */
export function addCounts(total: Uint32Array, part: Uint32Array): void {
  part.forEach((count, i) => {
    total[i] = (total[i] ?? 0) + count;
  });
}
