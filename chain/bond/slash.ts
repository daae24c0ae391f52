/**
 * What a proven fault costs: a share of the bond, or all of it when more than a third of the weight
 * was at fault within the punishable past, since alone nobody can harm the chain. The node is out
 * for good, so that it cannot be punished twice.
 */
import { isExpired } from "../evidence/age.ts";
import { exceedsThird } from "../finality/quorum.ts";
import { totalWeight } from "../rating/weight.ts";
import type { State } from "../state/state.ts";
import { RATING_CAUSES, type RatingChange } from "../types/node.ts";

const MILLION = 1_000_000n;

/**
 * @param proposer account that brought the proof
 * @returns the change of rating for the block to tell
 */
export function slash(state: State, index: number, proposer: Uint8Array): RatingChange {
  const node = state.nodes.at(index);
  const share = lostShare(state, node.weight);
  const lostBond = (node.bond * share) / MILLION;
  let lost = lostBond;
  state.unbondings = state.unbondings.map((entry) => {
    if (entry.node !== index) return entry;
    const part = (entry.amount * share) / MILLION;
    lost += part;
    return { ...entry, amount: entry.amount - part };
  });
  const reward = (lost * BigInt(state.parameters.evidenceReward)) / MILLION;
  state.credit(proposer, reward);
  state.meta = { ...state.meta, burned: state.meta.burned + lost - reward };
  state.nodes.set(index, {
    ...node,
    bond: node.bond - lostBond,
    capacity: 0n,
    rating: 0n,
    weight: 0n,
    slashedAt: state.height,
    slashedWeight: node.weight,
  });
  return {
    node: index,
    cause: RATING_CAUSES.indexOf("slash"),
    window: 0,
    segments: 0,
    capacity: 0n,
    before: node.rating,
    after: 0n,
  };
}

function lostShare(state: State, weight: bigint): bigint {
  let guilty = weight;
  for (const [, node] of state.nodes.entries()) {
    if (node.slashedAt !== 0 && !isExpired(state, node.slashedAt)) guilty += node.slashedWeight;
  }
  const isAttack = exceedsThird(guilty, totalWeight(state.seats));
  return isAttack ? MILLION : BigInt(state.parameters.slashShare);
}
