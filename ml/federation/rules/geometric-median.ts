/**
 * Robust federated averaging (Pillutla et al. 2019, arXiv 1912.13445): the geometric median of the updates, weighted by
 * their samples, by the smoothed Weiszfeld algorithm. Every point on the way is a mean of the updates, so its weights
 * and the dot products are enough.
 */
import { medianOf } from "../median-of.ts";
import { distancesFrom } from "./distances.ts";
import type { WeighingRule } from "./rule.ts";

const ITERATIONS = 8;
/** Distances below this part of the median distance count as this. */
const SMOOTHING = 1e-6;

export const geometricMedian: WeighingRule = {
  kind: "weighing",
  usesCentre: false,
  weigh(cohort) {
    let updates = [...cohort.shares];
    let least: number | undefined;
    for (let step = 0; step < ITERATIONS; step++) {
      const distances = distancesFrom(cohort, [...updates, 0]);
      least ??= SMOOTHING * medianOf(distances);
      const floor = least;
      if (floor === 0) break;
      const pulls = distances.map((far, i) => (cohort.shares[i] ?? 0) / Math.max(floor, far));
      const total = pulls.reduce((sum, one) => sum + one, 0);
      updates = pulls.map((pull) => pull / total);
    }
    return { updates, centre: 0 };
  },
};
