/**
 * What a proven fault costs: a share of the bond, or all of it when more than a third of the weight
 * was at fault within the punishable past, since alone nobody can harm the chain. The node is out
 * for good, so that it cannot be punished twice.
 */
import { isExpired } from "../evidence/age.ts";
import { exceedsThird } from "../finality/quorum.ts";
import { factorsOf } from "../rating/formula.ts";
import { totalWeight, votingWeight } from "../rating/weight.ts";
import type { State } from "../state/state.ts";
import { RATING_CAUSES, type RatingChange } from "../types/node.ts";
import { takeBond } from "./take-bond.ts";

const MILLION = 1_000_000;

/**
 * @param proposer account that brought the proof
 * @returns the change of rating for the block to tell
 */
export function slash(state: State, index: number, proposer: Uint8Array): RatingChange {
  const node = state.nodes.at(index);
  const votes = votingWeight(state, index);
  const weight = votes > 0n ? votes : node.weight;
  const share = lostShare(state, weight);
  const { evidenceReward: reward } = state.parameters;
  takeBond(state, index, { share, reward, earners: [proposer] });
  const slashed = {
    ...state.nodes.at(index),
    measured: [],
    capacity: 0n,
    rating: 0n,
    weight: 0n,
    slashedAt: state.height,
    slashedWeight: weight,
  };
  state.nodes.set(index, slashed);
  return {
    node: index,
    cause: RATING_CAUSES.indexOf("slash"),
    fault: 0,
    window: 0,
    segments: 0,
    factors: factorsOf(slashed, state.meta.time, state.parameters),
    before: node.rating,
    after: 0n,
  };
}

function lostShare(state: State, weight: bigint): number {
  let guilty = weight;
  for (const [, node] of state.nodes.entries()) {
    if (node.slashedAt !== 0 && !isExpired(state, node.slashedAt)) guilty += node.slashedWeight;
  }
  const isAttack = exceedsThird(guilty, totalWeight(state.seats));
  return isAttack ? MILLION : state.parameters.slashShare;
}
