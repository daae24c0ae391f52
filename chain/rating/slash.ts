/**
 * The penalty for a proven fault. A small node alone can do no harm, but many together can. So the part of the bond
 * that each of them loses grows with the votes of all nodes that were at fault within the punishable past, and reaches
 * all of it at a third of the votes, which a fork needs. Nodes slashed earlier are charged again, so that the order in
 * which faults are proven does not matter. A slashed node is excluded for good, so it cannot be punished twice.
 */

import { loseVote } from "../bond/lose-vote.ts";
import { takeBond } from "../bond/take-bond.ts";
import { holdUnbondings } from "../bond/unbonding.ts";
import { greatestVoteShare } from "../bond/vote-share.ts";
import { isExpired } from "../evidence/age.ts";
import { WHOLE } from "../millionths.ts";
import type { State } from "../state/state.ts";
import type { NodeRecord, RatingChange } from "../types/node.ts";
import { ratingChange } from "./rating-change.ts";

/** At a third of all votes everything is lost. */
const MULTIPLE = 3;

/**
 * @param proposer account that brought the proof
 * @returns the change of rating for the block to record
 */
export function slash(state: State, index: number, proposer: Uint8Array): RatingChange {
  const node = state.nodes.at(index);
  // The weight stays until the epoch ends: otherwise the proof of a fault could influence a draw of seats.
  const slashed = {
    ...node,
    measured: [],
    capacity: 0n,
    rating: 0n,
    slashedAt: state.height,
    slashedShare: greatestVoteShare(node),
    slashedPart: 0,
  };
  state.nodes.set(index, slashed);
  holdUnbondings(state, index);
  loseVote(state, index);
  chargeGuilty(state, proposer);
  return ratingChange(state, index, [node, slashed], { cause: "slash" });
}

/** A slashed node's money stays locked as long as later faults can still increase its charge. */
export function isHeld(state: State, { slashedAt }: Pick<NodeRecord, "slashedAt">): boolean {
  return slashedAt !== 0 && !isExpired(state, slashedAt);
}

/** Raises the charge of all nodes slashed within the punishable past to the part that each of them must lose. */
function chargeGuilty(state: State, proposer: Uint8Array): void {
  const guilty = [...state.nodes.entries()].filter(([, node]) => isHeld(state, node));
  const { slashShare, evidenceReward: reward } = state.parameters;
  const shares = guilty.reduce((sum, [, { slashedShare }]) => sum + slashedShare, 0);
  const wanted = MULTIPLE * shares < WHOLE ? MULTIPLE * shares : WHOLE;
  const part = wanted > slashShare ? wanted : slashShare;
  for (const [index, { slashedPart }] of guilty) {
    if (slashedPart >= part) continue;
    // The bond is what the earlier charge left of it, so the share is taken of that.
    const share = part - slashedPart;
    takeBond(state, index, { share, of: WHOLE - slashedPart, reward, earners: [proposer] });
    state.nodes.set(index, { ...state.nodes.at(index), slashedPart: part });
  }
}
