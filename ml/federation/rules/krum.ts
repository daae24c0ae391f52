/**
 * Krum and multi-Krum (Blanchard et al. 2017, arXiv 1703.02757): the updates that lie closest to their nearest
 * neighbours. Of n updates f are taken to be hostile; each update is scored by its n - f - 2 nearest others.
 */
import { squaredDistance } from "./distances.ts";
import type { Cohort, WeighingRule } from "./rule.ts";

/** The best update alone. @param hostile share of hostile updates */
export function krum(hostile: number): WeighingRule {
  return {
    kind: "weighing",
    usesCentre: false,
    weigh: (cohort) => onlyOf(cohort, ranked(cohort, hostile).slice(0, 1)),
  };
}

/** The mean, by samples, of all but the f worst. */
export function multiKrum(hostile: number): WeighingRule {
  return {
    kind: "weighing",
    usesCentre: false,
    weigh(cohort) {
      const { size } = cohort;
      return onlyOf(cohort, ranked(cohort, hostile).slice(0, size - hostileOf(size, hostile)));
    },
  };
}

/** With fewer than 2f + 3 updates the rule says nothing, so f is smaller there. */
function hostileOf(size: number, share: number): number {
  return Math.max(0, Math.min(Math.floor(share * size), Math.floor((size - 3) / 2)));
}

/** Indexes of the updates, the best first; of equal ones the first. */
function ranked(cohort: Cohort, hostile: number): number[] {
  const { size } = cohort;
  const neighbours = Math.max(1, size - hostileOf(size, hostile) - 2);
  const scores = Array.from({ length: size }, (_, i) => {
    const distances = new Float64Array(size).map((_, j) => squaredDistance(cohort, i, j));
    const others = distances.filter((_, j) => j !== i).sort();
    return others.subarray(0, neighbours).reduce((sum, one) => sum + one, 0);
  });
  return [...scores.keys()].sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b);
}

function onlyOf({ size, shares }: Cohort, chosen: readonly number[]) {
  const total = chosen.reduce((sum, i) => sum + (shares[i] ?? 0), 0);
  const updates = Array.from({ length: size }, (_, i) => {
    if (!chosen.includes(i)) return 0;
    return total === 0 ? 1 / chosen.length : (shares[i] ?? 0) / total;
  });
  return { updates, centre: 0 };
}
