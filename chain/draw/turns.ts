/** Who may propose after a state: drawn among the seats, without those of slashed nodes. */
import type { State } from "../state/state.ts";
import { proposerOrder } from "./mix.ts";

/**
 * @param state after the block before
 * @param count only so many first turns
 * @returns seat positions; round r belongs to order[r mod length]
 */
export function turnsAt(
  { meta, seats, nodes }: Pick<State, "meta" | "seats" | "nodes">,
  height: number,
  count: number = seats.length,
): number[] {
  const takers = seats.map(({ node, weight }) => {
    return { weight, isOut: nodes.at(node).slashedAt !== 0 };
  });
  return proposerOrder(meta.mix, height, takers, count);
}
