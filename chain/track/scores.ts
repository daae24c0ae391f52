/** Computes shares in millionths from the counts of a confusion matrix, in integers only. */
import { MILLION } from "../millionths.ts";

/** Fractions of the classes are summed at this precision before they are cut to millionths. */
const FINE = MILLION * MILLION;

export interface Scores {
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Accuracy, and macro averages of precision, recall and F1 over the classes that occur as a label or a prediction; a
 * fraction with denominator 0 counts as 0. All are rounded down.
 * @param counts classes x classes, row = label, column = prediction
 * @throws RangeError for no samples, or counts that are not a square
 */
export function scoresOf(counts: ArrayLike<number>, samples: number): Scores {
  const classes = Math.sqrt(counts.length);
  if (samples < 1 || !Number.isInteger(classes)) {
    throw new RangeError(`scores of ${samples} samples in ${counts.length} counts`);
  }
  let correct = 0n;
  let seen = 0n;
  const sums = { precision: 0n, recall: 0n, f1: 0n };
  for (let label = 0; label < classes; label++) {
    const { hits, labelled, predicted } = countsOf(counts, classes, label);
    if (labelled + predicted === 0n) continue;
    seen++;
    correct += hits;
    sums.precision += fraction(hits, predicted);
    sums.recall += fraction(hits, labelled);
    sums.f1 += fraction(2n * hits, labelled + predicted);
  }
  const macro = (sum: bigint): number => Number(seen === 0n ? 0n : sum / seen / MILLION);
  return {
    accuracy: Number((correct * MILLION) / BigInt(samples)),
    precision: macro(sums.precision),
    recall: macro(sums.recall),
    f1: macro(sums.f1),
  };
}

/** The number of samples of one class: the sum of its row. */
export function labelledCount(counts: ArrayLike<number>, classes: number, label: number): number {
  return Number(countsOf(counts, classes, label).labelled);
}

function countsOf(
  counts: ArrayLike<number>,
  classes: number,
  label: number,
): { hits: bigint; labelled: bigint; predicted: bigint } {
  let labelled = 0n;
  let predicted = 0n;
  for (let other = 0; other < classes; other++) {
    labelled += BigInt(counts[label * classes + other] ?? 0);
    predicted += BigInt(counts[other * classes + label] ?? 0);
  }
  return { hits: BigInt(counts[label * classes + label] ?? 0), labelled, predicted };
}

function fraction(part: bigint, whole: bigint): bigint {
  return whole === 0n ? 0n : (part * FINE) / whole;
}
