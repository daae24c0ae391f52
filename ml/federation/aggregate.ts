/**
 * Merges the updates of a round into the next global parameters. Updates are put in participant order and summed in
 * float64 by our own code, so that every node computes the same bits, whatever the order of arrival.
 */
import type { JOB_AGGREGATIONS } from "../../chain/types/train.ts";
import { indexOfNonFinite } from "../bytes.ts";
import { fedavg } from "./fedavg.ts";
import { median } from "./median.ts";
import { trimmedMean } from "./trimmed-mean.ts";
import type { Update } from "./update-codec.ts";
import { UpdateError } from "./update-error.ts";

export interface ParticipantUpdate extends Update {
  /** Node index; it decides the order of summation. */
  readonly participant: number;
}

/**
 * Combines updates into one change of the parameters. Called with at least one update, in
 * participant order, all of the same length; keeps no state and changes no argument.
 */
export type Aggregation = (updates: readonly Update[]) => Float64Array;
export type AggregationName = (typeof JOB_AGGREGATIONS)[number];

const AGGREGATIONS: Readonly<Record<AggregationName, Aggregation>> = {
  fedavg,
  median,
  "trimmed-mean": trimmedMean,
};

/**
 * @param base global parameters of the round
 * @param updates in any order; `samples` already capped by the caller
 * @returns new global parameters, rounded to float32 once
 * @throws UpdateError SHAPE, NOT_FINITE; RangeError for no updates or a participant named twice
 */
export function aggregate(
  name: AggregationName,
  base: Float32Array,
  updates: readonly ParticipantUpdate[],
): Float32Array {
  const ordered = [...updates].sort((a, b) => a.participant - b.participant);
  if (ordered.length === 0) throw new RangeError("aggregation of no updates");
  ordered.forEach((update, i) => {
    if (update.participant === ordered[i - 1]?.participant) {
      throw new RangeError(`two updates of participant ${update.participant}`);
    }
    if (update.delta.length !== base.length) {
      throw new UpdateError(
        `participant ${update.participant} sent ${update.delta.length} values, the model has ${base.length}`,
        { code: "SHAPE", expected: base.length, actual: update.delta.length },
      );
    }
  });
  return mergeStretch(name, base, ordered, 0);
}

/**
 * Merges one stretch of the parameters: every rule works value by value.
 * @param base the stretch of the global parameters
 * @param updates in participant order, the same stretch of each
 * @param start position of its first value, for errors
 * @throws UpdateError NOT_FINITE
 */
export function mergeStretch(
  name: AggregationName,
  base: Float32Array,
  updates: readonly Update[],
  start: number,
): Float32Array {
  const change = AGGREGATIONS[name](updates);
  const next = new Float32Array(base.length);
  for (let i = 0; i < next.length; i++) next[i] = (base[i] ?? 0) + (change[i] ?? 0);
  const index = indexOfNonFinite(next);
  if (index !== -1) {
    throw new UpdateError(`aggregated value ${start + index} is not a finite number`, {
      code: "NOT_FINITE",
      index: start + index,
    });
  }
  return next;
}
