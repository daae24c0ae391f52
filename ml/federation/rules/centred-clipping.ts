/**
 * Centred clipping (Karimireddy, He, Jaggi 2021, arXiv 2012.10333): a mean that goes out from the change of the round
 * before and lets each update pull at it with a limited length.
 */
import { medianOf } from "../median-of.ts";
import { distancesFrom, medianLength } from "./distances.ts";
import type { WeighingRule } from "./rule.ts";

const ITERATIONS = 3;
/** The limit, as a multiple of the median length of the updates in the rounds before. */
const BY_LENGTH = 2;

/** @param clip the longest pull of an update; undefined: twice the median length of the updates of three rounds before */
export function centredClipping(clip: number | undefined): WeighingRule {
  return {
    kind: "weighing",
    usesCentre: true,
    weigh(cohort) {
      const { size, shares, earlierLengths } = cohort;
      const lengths = earlierLengths.length === 0 ? [medianLength(cohort)] : earlierLengths;
      const limit = clip ?? BY_LENGTH * medianOf(lengths);
      let point = [...new Array<number>(size).fill(0), 1];
      for (let step = 0; step < ITERATIONS; step++) {
        const distances = distancesFrom(cohort, point);
        const pulls = distances.map(
          (far, i) => (shares[i] ?? 0) * (far <= limit ? 1 : limit / far),
        );
        const moved = pulls.reduce((sum, pull) => sum + pull, 0);
        point = point.map((weight, i) => weight * (1 - moved) + (pulls[i] ?? 0));
      }
      return { updates: point.slice(0, size), centre: point[size] ?? 0 };
    },
  };
}
