/**
 * What happens at the end of an epoch: votes on parameters are counted, the frozen next seats take
 * over, weights move a step and are frozen for the epoch after, announced onions come into use.
 */
import { markTime } from "../evidence/age.ts";
import { countParameterVotes } from "../governance/count-votes.ts";
import type { State } from "../state/state.ts";
import { accrueWorkReward } from "../supply/emission.ts";
import type { Parameters } from "../types/genesis.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { regained } from "./reliability.ts";
import { drawSeats, steppedWeights, weightOf } from "./weight.ts";

export function epochOf(height: number, parameters: Parameters): number {
  return Math.floor(height / parameters.epochBlocks);
}

/** True for the last height of an epoch. */
export function endsEpoch(height: number, parameters: Parameters): boolean {
  return (height + 1) % parameters.epochBlocks === 0;
}

/** Runs at the end of every block. An epoch that would have no voter keeps the old seats. */
export function turnEpoch(state: State): void {
  if (!endsEpoch(state.height, state.parameters)) return;
  accrueWorkReward(state);
  countParameterVotes(state);
  markTime(state);
  state.seats = state.nextSeats;
  turnNodes(state);
  const next = drawSeats(state);
  if (next.length > 0) state.nextSeats = next;
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
    const reliability = regained(node);
    const takesOnion = node.nextOnionEpoch !== 0 && node.nextOnionEpoch <= epoch;
    if (weight === node.weight && reliability === node.reliability && !takesOnion) return;
    state.nodes.set(index, {
      ...node,
      weight,
      reliability,
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
