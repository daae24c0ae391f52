/** The randomness beacon: the onion reveal of each block changes the mix (a RANDAO over hash onions). */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import type { Seat } from "../types/node.ts";
import { drawWithoutReplacement } from "./weighted.ts";

export function genesisMix(genesisRoot: Uint8Array): Uint8Array {
  return taggedHash("poml/mix/v1", genesisRoot);
}

/** mix[h] = H("mix" ‖ mix[h-1] ‖ h ‖ reveal): chained, so that reveals cannot cancel each other out. */
export function nextMix(mix: Uint8Array, height: number, reveal: Uint8Array): Uint8Array {
  return taggedHash("poml/mix/v1", mix, uint32Bytes(height), reveal);
}

/**
 * The order of proposers at `height`, as seat positions; round r belongs to order[r mod length]. It is drawn from the
 * mix of the previous block, so it becomes known only when that block is final. A seat without weight (of a slashed
 * node) gets no turn.
 * @param count computes only the first turns, for callers that need no more
 */
export function proposerOrder(
  mix: Uint8Array,
  height: number,
  seats: readonly Pick<Seat, "weight">[],
  count: number = seats.length,
): number[] {
  const seed = taggedHash("poml/proposer/v1", mix, uint32Bytes(height));
  return drawWithoutReplacement(
    seed,
    "poml/proposer-order/v1",
    seats.map((seat) => seat.weight),
    count,
  );
}
