/** Lengths and distances in a cohort, from dot products. Rounding must not make a square negative. */
import { medianOf } from "../median-of.ts";
import type { Cohort } from "./rule.ts";

/** L2 norm of a change. */
export function lengthOf({ dot }: Cohort, i: number): number {
  return Math.sqrt(Math.max(0, dot(i, i)));
}

/** Median L2 norm of the updates. */
export function medianLength(cohort: Cohort): number {
  return medianOf(Array.from({ length: cohort.size }, (_, i) => lengthOf(cohort, i)));
}

/** Squared distance of two changes. */
export function squaredDistance({ dot }: Cohort, i: number, j: number): number {
  return Math.max(0, dot(i, i) - 2 * dot(i, j) + dot(j, j));
}

/**
 * Distance of each update from a point.
 * @param point its coefficients of the updates and, last, of the centre
 */
export function distancesFrom({ size, dot }: Cohort, point: readonly number[]): number[] {
  const products = point.map((_, i) =>
    point.reduce((sum, weight, j) => (weight === 0 ? sum : sum + weight * dot(i, j)), 0),
  );
  const square = point.reduce((sum, weight, i) => sum + weight * (products[i] ?? 0), 0);
  return Array.from({ length: size }, (_, i) =>
    Math.sqrt(Math.max(0, square - 2 * (products[i] ?? 0) + dot(i, i))),
  );
}
