/** The order of proposers after a state: drawn among the seats by their votes. */
import type { State } from "../state/state.ts";
import { proposerOrder } from "./mix.ts";

/**
 * @param state after the previous block
 * @param count computes only the first turns
 * @returns seat positions; round r belongs to order[r mod length]
 */
export function turnsAt(
  { meta, seats }: Pick<State, "meta" | "seats">,
  height: number,
  count: number = seats.length,
): number[] {
  return proposerOrder(meta.mix, height, seats, count);
}
