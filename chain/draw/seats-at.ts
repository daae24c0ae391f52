/** The seats whose votes count at a height. Seats are frozen an epoch ahead, so they are known before the block is. */
import { endsEpoch } from "../schedule/epoch-of.ts";
import type { State } from "../state/state.ts";
import type { Seat } from "../types/node.ts";

/**
 * @param state after the last final block
 * @param height one of the two heights after it
 * @throws RangeError for any other height
 */
export function seatsAt(
  state: Pick<State, "height" | "parameters" | "seats" | "nextSeats">,
  height: number,
): readonly Seat[] {
  const next = state.height + 1;
  if (height === next) return state.seats;
  if (height !== next + 1) {
    throw new RangeError(`the seats of height ${height} are not known at ${state.height}`);
  }
  return endsEpoch(next, state.parameters) ? state.nextSeats : state.seats;
}
