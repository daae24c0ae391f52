/**
 * The price of a skipped turn to propose: a part of the next block rewards, and some weight until trust is regained.
 * Without a price, proposers would skip turns whose reveal gives them a worse draw next. It is never taken from a bond,
 * and the debt of a node is limited, because a machine that was offline has already lost its turns.
 */
import { turnsAt } from "../draw/turns.ts";
import type { State } from "../state/state.ts";
import type { NodeRecord } from "../types/node.ts";
import { FULL_PUNCTUALITY } from "../weight/weight.ts";

/** The part of the missing punctuality that comes back per epoch. */
const REGAIN = 16;
/** A node can owe for at most so many skipped turns. */
export const MOST_OWED = 16n;

/**
 * Charges the nodes whose turns came before the block's round.
 * @param parent the state that drew the turns
 */
export function chargeSkips(state: State, parent: State, round: number): void {
  if (round === 0) return;
  const order = turnsAt(parent, parent.height + 1);
  for (const position of order.slice(0, round)) {
    const seat = parent.seats[position];
    if (seat !== undefined) charge(state, seat.node);
  }
}

function charge(state: State, index: number): void {
  const node = state.nodes.at(index);
  const { skipPenalty, skipShare } = state.parameters;
  const owed = node.owed + skipPenalty;
  const most = MOST_OWED * skipPenalty;
  state.nodes.set(index, {
    ...node,
    owed: owed < most ? owed : most,
    punctuality: node.punctuality - Math.floor((node.punctuality * skipShare) / FULL_PUNCTUALITY),
    skipped: node.skipped + 1,
  });
}

/** Runs at the end of an epoch. */
export function regained({ punctuality }: NodeRecord): number {
  return punctuality + Math.ceil((FULL_PUNCTUALITY - punctuality) / REGAIN);
}
