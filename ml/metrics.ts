/**
 * From integer confusion counts to the metrics a block carries, in integer arithmetic throughout:
 * every node that saw the same counts writes the same millionths.
 */
import type { Metrics } from "../chain/types/job.ts";
import type { Evaluation } from "./engine.ts";

const MICRO = 1_000_000n;
/** Fractions of the classes are summed at this precision before they are cut to millionths. */
const FINE = MICRO * MICRO;

/**
 * Accuracy, and macro averages of precision, recall and F1 over the classes that occur as a label
 * or a prediction; a fraction with nothing under the line counts as 0. All rounded down; the loss
 * is the mean per sample, rounded to the nearest millionth.
 * @throws RangeError for no samples, a loss that is not finite, or counts that are not a square
 */
export function metricsOf({ lossSum, samples, confusion }: Evaluation): Metrics {
  const classes = Math.sqrt(confusion.length);
  const meanLoss = lossSum / samples;
  if (samples < 1 || !Number.isFinite(meanLoss) || !Number.isInteger(classes)) {
    throw new RangeError(
      `metrics of ${samples} samples, loss sum ${lossSum}, ${confusion.length} counts`,
    );
  }
  let correct = 0n;
  let seen = 0n;
  const sums = { precision: 0n, recall: 0n, f1: 0n };
  for (let label = 0; label < classes; label++) {
    const { hits, labelled, predicted } = countsOf(confusion, classes, label);
    if (labelled + predicted === 0n) continue;
    seen++;
    correct += hits;
    sums.precision += fraction(hits, predicted);
    sums.recall += fraction(hits, labelled);
    sums.f1 += fraction(2n * hits, labelled + predicted);
  }
  const macro = (sum: bigint): number => Number(seen === 0n ? 0n : sum / seen / MICRO);
  return {
    loss: BigInt(Math.round(meanLoss * Number(MICRO))),
    accuracy: Number((correct * MICRO) / BigInt(samples)),
    precision: macro(sums.precision),
    recall: macro(sums.recall),
    f1: macro(sums.f1),
  };
}

/** The same as plain numbers (0.875 for 875,000 millionths), for people and curves. */
export interface MetricRatios {
  readonly loss: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export function ratiosOf(metrics: Metrics): MetricRatios {
  const ratio = (micro: number): number => micro / Number(MICRO);
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

function countsOf(
  confusion: Uint32Array,
  classes: number,
  label: number,
): { hits: bigint; labelled: bigint; predicted: bigint } {
  let labelled = 0n;
  let predicted = 0n;
  for (let other = 0; other < classes; other++) {
    labelled += BigInt(confusion[label * classes + other] ?? 0);
    predicted += BigInt(confusion[other * classes + label] ?? 0);
  }
  return { hits: BigInt(confusion[label * classes + label] ?? 0), labelled, predicted };
}

function fraction(part: bigint, whole: bigint): bigint {
  return whole === 0n ? 0n : (part * FINE) / whole;
}
