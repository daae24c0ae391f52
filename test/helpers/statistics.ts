/** Chi-square of counts against expected shares, with its p-value. */

export interface ChiSquare {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** Chance of a statistic as large or larger when the shares are as expected. */
  readonly pValue: number;
}

/** @param weights expected shares, in any unit; those of weight 0 must not be seen */
export function chiSquare(seen: readonly number[], weights: readonly bigint[]): ChiSquare {
  const draws = seen.reduce((sum, count) => sum + count, 0);
  const total = Number(weights.reduce((sum, weight) => sum + weight, 0n));
  let statistic = 0;
  let cells = 0;
  seen.forEach((count, i) => {
    const expected = (draws * Number(weights[i])) / total;
    if (expected === 0) {
      if (count > 0) statistic = Number.POSITIVE_INFINITY;
      return;
    }
    statistic += (count - expected) ** 2 / expected;
    cells++;
  });
  const degreesOfFreedom = cells - 1;
  return { statistic, degreesOfFreedom, pValue: upperGamma(degreesOfFreedom / 2, statistic / 2) };
}

const TERMS = 10_000;
const ENOUGH = 1e-14;

/** Regularised upper incomplete gamma function Q(a, x); series and continued fraction as in DLMF 8.11, 8.9. */
function upperGamma(a: number, x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < TERMS && term > sum * ENOUGH; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  // Lentz's method.
  let b = x + 1 - a;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < TERMS; n++) {
    const step = -n * (n - a);
    b += 2;
    d = 1 / (step * d + b);
    c = b + step / c;
    h *= c * d;
    if (Math.abs(c * d - 1) < ENOUGH) break;
  }
  return front * h;
}

/** Stirling's series after shifting the argument above 10. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 10) shift -= Math.log(z++);
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5);
  return shift + (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series;
}
