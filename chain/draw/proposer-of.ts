/** Which node may propose in a round. */
import type { State } from "../state/state.ts";
import { turnsAt } from "./turns.ts";

/** The public key of the node with the turn (height, round). */
export function proposerOf(state: State, height: number, round: number): Uint8Array {
  const order = turnsAt(state, height, round + 1);
  const seat = state.seats[order[round % order.length] ?? -1];
  if (seat === undefined) throw new RangeError("an epoch without seats");
  return seat.publicKey;
}
