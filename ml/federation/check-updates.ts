/**
 * Compares the lengths of the updates of one round before any of them counts: an update must not be much longer than the
 * others. Every verdict carries its reason for the record.
 */
import { medianOf } from "./median-of.ts";
import type { UpdateFacts } from "./update-error.ts";

export interface NormLimits {
  /** Largest L2 norm, as a multiple of the cohort's median. */
  readonly maxNormRatio?: number;
  /** Largest L2 norm of any update, even if there are only a few; default none. */
  readonly maxNorm?: number;
}

export interface UpdateVerdict {
  readonly participant: number;
  /** L2 norm of the update; NaN if it cannot be computed. */
  readonly norm: number;
  /** Undefined when the update counts. */
  readonly refusal: UpdateFacts | undefined;
}

const MAX_NORM_RATIO = 4;
/** A median identifies outliers only among three updates or more. */
const MIN_COHORT = 3;

/** Takes the verdicts on single updates, and refuses those that are too long compared with the others. */
export function limitNorms(
  single: readonly UpdateVerdict[],
  { maxNormRatio = MAX_NORM_RATIO, maxNorm = Number.POSITIVE_INFINITY }: NormLimits,
): UpdateVerdict[] {
  const norms = single.filter((verdict) => verdict.refusal === undefined).map(({ norm }) => norm);
  const byCohort = norms.length < MIN_COHORT ? maxNorm : maxNormRatio * medianOf(norms);
  const limit = Math.min(byCohort, maxNorm);
  return single.map((verdict) =>
    verdict.refusal === undefined && verdict.norm > limit
      ? { ...verdict, refusal: { code: "NORM", norm: verdict.norm, limit } }
      : verdict,
  );
}
