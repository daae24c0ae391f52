/**
 * Which peers vote on this chain. They take precedence over other incoming peers, so that keeping voters apart is
 * expensive.
 */
import type { State } from "../../chain/state/state.ts";

export function holdsSeat(
  state: Pick<State, "nodeIndex" | "seats" | "nextSeats">,
  publicKey: Uint8Array,
): boolean {
  const node = state.nodeIndex(publicKey);
  if (node === undefined) return false;
  return [state.seats, state.nextSeats].some((seats) => seats.some((seat) => seat.node === node));
}
