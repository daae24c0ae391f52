/**
 * What happens at the end of an epoch: votes are counted, the next seats take over, the seats after them
 * are drawn by the weights that the last epoch left, weights move one step, and announced onions take over.
 */

import { noteVoteShares } from "../bond/vote-share.ts";
import { drawSeats } from "../draw/draw-seats.ts";
import { freezeDrawWeights } from "../draw/frozen-weights.ts";
import { markTime } from "../evidence/age.ts";
import { countAlgorithmVotes } from "../governance/count-algorithms.ts";
import { countParameterVotes } from "../governance/count-votes.ts";
import { regained } from "../rating/punctuality.ts";
import { endsEpoch, epochOf } from "../schedule/epoch-of.ts";
import type { State } from "../state/state.ts";
import { accrueWorkReward } from "../supply/emission.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { steppedWeights, totalWeight, weightOf } from "../weight/weight.ts";

/** Runs at the end of every block. If the next epoch would have no voter, the old seats stay. */
export function turnEpoch(state: State): void {
  if (!endsEpoch(state.height, state.parameters)) return;
  accrueWorkReward(state);
  countParameterVotes(state);
  countAlgorithmVotes(state);
  markTime(state);
  state.seats = state.nextSeats;
  freezeDrawWeights(state);
  noteVoteShares(state);
  const next = drawSeats(state);
  if (totalWeight(next) > 0n) state.nextSeats = next;
  turnNodes(state);
}

function turnNodes(state: State): void {
  const { parameters } = state;
  const epoch = epochOf(state.height + 1, parameters);
  const nodes = Array.from(state.nodes.entries(), ([, node]) => node);
  const stepped = steppedWeights(
    nodes.map((node) => ({ weight: node.weight, target: weightOf(node, parameters) })),
    parameters.weightChange,
  );
  nodes.forEach((node, index) => {
    const weight = stepped[index] ?? 0n;
    const punctuality = regained(node);
    const takesOnion = node.nextOnionEpoch !== 0 && node.nextOnionEpoch <= epoch;
    if (weight === node.weight && punctuality === node.punctuality && !takesOnion) return;
    state.nodes.set(index, {
      ...node,
      weight,
      punctuality,
      ...(takesOnion && {
        onion: node.nextOnion,
        onionLeft: node.nextOnionLeft,
        nextOnion: ZERO_HASH,
        nextOnionLeft: 0,
        nextOnionEpoch: 0,
      }),
    });
  });
}
