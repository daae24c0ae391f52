/** A rating explained in words. */
import { factorsOf } from "../../../chain/rating/formula.ts";
import { weightOf } from "../../../chain/rating/weight.ts";
import type { State } from "../../../chain/state/state.ts";
import { type NodeRecord, RATING_CAUSES, type RatingChange } from "../../../chain/types/node.ts";
import type { PastChange } from "../../rating/rating-history.ts";
import type { RatingExplanation, RatingFactorJson } from "../contract/rating.ts";
import { encodeRatingChange } from "./block.ts";
import { textOf } from "./plain.ts";

const MILLION = 1e6;

export function encodeRating(
  state: State,
  index: number,
  history: readonly PastChange[],
): RatingExplanation {
  const node = state.nodes.at(index);
  return {
    node: index,
    name: textOf(node.name),
    rating: node.rating.toString(),
    factors: explainFactors(state, node),
    weight: weightOf(node, state.parameters).toString(),
    votingWeight: node.weight.toString(),
    windows: node.measured.map(String),
    changes: history.map(({ height, time, change }) => ({
      ...encodeRatingChange(state, change),
      height,
      time,
      explanation: explainChange(change),
    })),
  };
}

function explainFactors(state: State, node: NodeRecord): RatingFactorJson[] {
  const now = factorsOf(node, state.meta.time, state.parameters);
  const units = (thousandths: number): string => (thousandths / 1000).toFixed(2);
  return [
    {
      name: "capacity",
      value: Number(now.capacity),
      source: "measured by the chain",
      explanation: `median of the last ${node.measured.length} windows, rising by at most a quarter a window`,
    },
    {
      name: "quality",
      value: now.quality / MILLION,
      source: "not measured yet",
      explanation: "1 for everybody",
    },
    {
      name: "reliability",
      value: now.reliability / MILLION,
      source: "measured by the chain",
      explanation: `V / (V + 10 + 20 F) with V = ${units(node.verified)} verified and F = ${units(node.failed)} failed units of work`,
    },
    {
      name: "energy",
      value: now.energy / MILLION,
      source: "self-reported",
      explanation: "efficiency by the node's own meter, within 5 % of 1; 1 without a meter",
    },
    {
      name: "freshness",
      value: now.freshness / MILLION,
      source: "measured by the chain",
      explanation: `halves every ${state.parameters.ratingHalfLife} s since the last verified window`,
    },
  ];
}

function explainChange({ cause, window, segments }: RatingChange): string {
  switch (RATING_CAUSES[cause]) {
    case "window":
      return `window ${window}: ${segments} segments claimed, the drawn ones verified bit by bit`;
    case "mismatch":
      return `window ${window}: a replay came to other bits than were claimed`;
    case "not-served":
      return `window ${window}: the node did not serve what it had claimed`;
    case "decay":
      return `window ${window}: no verified claim, so the rating fades`;
    case "slash":
      return "two messages were signed where one is allowed";
    default:
      return "unknown";
  }
}
