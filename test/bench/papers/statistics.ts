/** Means with their uncertainty. */

export interface Estimate {
  readonly mean: number;
  /** Half the width of the 95 % confidence interval; 0 of a single value, of which it says nothing. */
  readonly spread: number;
  readonly runs: number;
}

/** Student's t, 97.5 %, for 1 to 20 degrees of freedom; beyond that the normal distribution is close enough. */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
];
const NORMAL = 1.96;

/** @throws RangeError without values */
export function estimate(values: readonly number[]): Estimate {
  const runs = values.length;
  if (runs === 0) throw new RangeError("no values");
  const mean = sum(values) / runs;
  if (runs === 1) return { mean, spread: 0, runs };
  const variance = sum(values.map((value) => (value - mean) ** 2)) / (runs - 1);
  return { mean, spread: (STUDENT[runs - 2] ?? NORMAL) * Math.sqrt(variance / runs), runs };
}

/**
 * Sum of the first over the sum of the second, run by run the same task in both, with the interval of the ratio by the
 * residuals of the pairs.
 * @throws RangeError without pairs
 */
export function ratioOfSums(over: readonly number[], under: readonly number[]): Estimate {
  const runs = Math.min(over.length, under.length);
  if (runs === 0) throw new RangeError("no pairs");
  const mean = sum(over) / sum(under);
  if (runs === 1) return { mean, spread: 0, runs };
  const residuals = over.map((value, index) => value - mean * (under[index] ?? 0));
  const deviation = Math.sqrt(sum(residuals.map((value) => value ** 2)) / (runs - 1));
  const spread = ((STUDENT[runs - 2] ?? NORMAL) * deviation * Math.sqrt(runs)) / sum(under);
  return { mean, spread, runs };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Rounds to so many significant digits. */
export function digits(value: number, count: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(count)) : value;
}
