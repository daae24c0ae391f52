/** What a rule for combining the updates of a round is. A rule keeps no state and changes no argument. */
import type { Update } from "../update.ts";

/** Works value by value. Called with at least one update, in participant order, all of the same length. */
export interface CoordinateRule {
  readonly kind: "coordinate";
  combine(updates: readonly Update[]): Float64Array;
}

/** A sum of the updates, with weights that depend on their samples, their lengths and their distances alone. */
export interface WeighingRule {
  readonly kind: "weighing";
  /** Whether it goes out from the change of the round before. */
  readonly usesCentre: boolean;
  weigh(cohort: Cohort): Weights;
}

export type Rule = CoordinateRule | WeighingRule;

/** All updates of a round together. The centre, the change of the round before, has index `size`. */
export interface Cohort {
  /** Number of updates. */
  readonly size: number;
  /** Share of each update of all samples; 1 together. */
  readonly shares: readonly number[];
  /** Dot product of two changes. */
  dot(i: number, j: number): number;
  /** Median lengths of the updates of earlier rounds, three at most. */
  readonly earlierLengths: readonly number[];
}

export interface Weights {
  readonly updates: readonly number[];
  /** Of the centre. */
  readonly centre: number;
}
