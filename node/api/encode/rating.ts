/** A rating explained in words. */
import { factorsOf } from "../../../chain/rating/formula.ts";
import type { State } from "../../../chain/state/state.ts";
import { trackTask } from "../../../chain/track/task.ts";
import type { NodeRecord } from "../../../chain/types/node.ts";
import type { TrackScore } from "../../../chain/types/track.ts";
import { votingWeight, weightOf } from "../../../chain/weight/weight.ts";
import { fractionOf, millionthsOf } from "../../../ml/millionths.ts";
import { explainChange } from "../../rating/explain-change.ts";
import type { PastChange } from "../../rating/rating-history.ts";
import { warningsOf } from "../../rating/warnings.ts";
import type { RatingExplanation, RatingFactorJson, TrackScoreJson } from "../contract/rating.ts";
import { encodeRatingChange } from "./block.ts";
import { textOf } from "./plain.ts";

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
    votingWeight: votingWeight(state, index).toString(),
    windows: node.measured.map(String),
    ...(node.score.track === 0 ? {} : { track: encodeScore(node.score) }),
    warnings: warningsOf(state, index),
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
      explanation: `follows the median of the last ${node.measured.length} windows: up by at most a quarter a window, down by at most half in ${state.parameters.ratingHalfLife} s`,
    },
    { name: "quality", value: fractionOf(now.quality), ...explainQuality(node) },
    {
      name: "reliability",
      value: fractionOf(now.reliability),
      source: "measured by the chain",
      explanation: `V / (V + 10 + 20 F) with V = ${units(node.verified)} verified and F = ${units(node.failed)} failed units of work`,
    },
    {
      name: "energy",
      value: fractionOf(now.energy),
      ...(now.energy === millionthsOf(1)
        ? {
            source: "not measured yet",
            explanation: "counts as 1: no reading of a meter tells how much energy its work took",
          }
        : {
            source: "self-reported",
            explanation: "efficiency as the node's own meter reads it, within 5 % of 1",
          }),
    },
    {
      name: "freshness",
      value: fractionOf(now.freshness),
      source: "measured by the chain",
      explanation: `halves every ${state.parameters.ratingHalfLife} s since the last verified window`,
    },
  ];
}

function encodeScore(score: TrackScore): TrackScoreJson {
  const { track, task, accuracy, precision, recall, f1 } = score;
  return {
    track,
    task,
    accuracy: fractionOf(accuracy),
    precision: fractionOf(precision),
    recall: fractionOf(recall),
    f1: fractionOf(f1),
    reference: fractionOf(trackTask(task).reference),
  };
}

function explainQuality({ score }: NodeRecord): Pick<RatingFactorJson, "source" | "explanation"> {
  if (score.track === 0) {
    return { source: "not measured yet", explanation: "1 without a score of the open track" };
  }
  const { track, f1, reference } = encodeScore(score);
  const explanation = `macro F1 ${f1.toFixed(3)} on the hidden rows of track ${track}, against ${reference.toFixed(3)}; within 0.8 and 1.2`;
  return { source: "measured by the chain", explanation };
}
