/** A change of a node's rating, as a block records it. */
import type { State } from "../state/state.ts";
import {
  type NodeRecord,
  RATING_CAUSES,
  RATING_FAULTS,
  type RatingChange,
  type RatingFault,
} from "../types/node.ts";
import { factorsOf } from "./formula.ts";

export interface Why {
  readonly cause: (typeof RATING_CAUSES)[number];
  readonly fault?: RatingFault;
  /** Number of the window or the track that ended; default: none. */
  readonly window?: number;
  /** Number of segments that the node claimed. */
  readonly segments?: number;
}

export function ratingChange(
  { meta, parameters }: State,
  node: number,
  [before, after]: readonly [before: NodeRecord, after: NodeRecord],
  { cause, fault = "none", window = 0, segments = 0 }: Why,
): RatingChange {
  return {
    node,
    cause: RATING_CAUSES.indexOf(cause),
    fault: RATING_FAULTS.indexOf(fault),
    window,
    segments,
    factors: factorsOf(after, meta.time, parameters),
    before: before.rating,
    after: after.rating,
  };
}
