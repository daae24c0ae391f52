/**
 * Merges the updates of a round into the next global parameters. Our own code adds them in float64 and in the order of
 * the participants, so that every node computes the same bits, whatever the order of arrival.
 */
import type { JOB_AGGREGATIONS } from "../../chain/types/train.ts";
import { indexOfNonFinite } from "../bytes.ts";
import { fedavg } from "./fedavg.ts";
import { median } from "./median.ts";
import { trimmedMean } from "./trimmed-mean.ts";
import type { Update } from "./update-codec.ts";
import { UpdateError } from "./update-error.ts";

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
