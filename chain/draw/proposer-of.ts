/** Whose turn it is to propose. */
import type { State } from "../state/state.ts";
import { turnsAt } from "./turns.ts";

/** The public key whose turn (height, round) is. */
export function proposerOf(state: State, height: number, round: number): Uint8Array {
  const order = turnsAt(state, height, round + 1);
  const seat = state.seats[order[round % order.length] ?? -1];
  if (seat === undefined) throw new RangeError("an epoch without seats");
  return seat.publicKey;
}
