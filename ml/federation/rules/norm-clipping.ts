/** The mean by samples of updates that are cut to a length (Sun et al. 2019, arXiv 1911.07963). */
import { lengthOf, medianLength } from "./distances.ts";
import type { WeighingRule } from "./rule.ts";

/** @param clip the longest an update may be; undefined: the median length of the updates */
export function normClipping(clip: number | undefined): WeighingRule {
  return {
    kind: "weighing",
    usesCentre: false,
    weigh(cohort) {
      const limit = clip ?? medianLength(cohort);
      const updates = cohort.shares.map((share, i) => {
        const length = lengthOf(cohort, i);
        return length <= limit ? share : (share * limit) / length;
      });
      return { updates, centre: 0 };
    },
  };
}
