/** The randomness beacon: each block's onion reveal moves the mix (a RANDAO over hash onions). */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import type { Seat } from "../types/node.ts";
import { drawBelow, drawWithoutReplacement } from "./weighted.ts";

export function genesisMix(genesisRoot: Uint8Array): Uint8Array {
  return taggedHash("poml/mix/v1", genesisRoot);
}

/** mix[h] = H("mix" ‖ mix[h-1] ‖ h ‖ reveal): chained, so reveals cannot cancel each other. */
export function nextMix(mix: Uint8Array, height: number, reveal: Uint8Array): Uint8Array {
  return taggedHash("poml/mix/v1", mix, uint32Bytes(height), reveal);
}

/** A seat, and whether its node was slashed. Such a seat weighs nothing either, but gets no newcomer's turn. */
export interface TurnTaker extends Pick<Seat, "weight"> {
  readonly isOut?: boolean;
}

/** Of so many heights one begins with the turn of a newcomer, who has no weight to be drawn by. */
const NEWCOMER_TURNS = 50n;

/**
 * Who may propose at `height`: seat positions; round r belongs to order[r mod length]. Drawn from
 * the mix of the block before, so nobody knows it earlier than that block is final. Seats without
 * weight are newcomers': they vote for nothing, but now and then the first turn is one of theirs.
 * @param count only so many first turns, for who needs no more
 */
export function proposerOrder(
  mix: Uint8Array,
  height: number,
  seats: readonly TurnTaker[],
  count: number = seats.length,
): number[] {
  const seed = taggedHash("poml/proposer/v1", mix, uint32Bytes(height));
  const order = drawWithoutReplacement(
    seed,
    "poml/proposer-order/v1",
    seats.map((seat) => seat.weight),
    count,
  );
  const newcomer = newcomerTurn(seed, seats);
  return newcomer === undefined ? order : [newcomer, ...order].slice(0, count);
}

function newcomerTurn(seed: Uint8Array, seats: readonly TurnTaker[]): number | undefined {
  const newcomers = seats.flatMap(({ weight, isOut }, seat) =>
    weight === 0n && isOut !== true ? [seat] : [],
  );
  if (newcomers.length === 0) return undefined;
  if (drawBelow(seed, "poml/newcomer-turn/v1", 0, NEWCOMER_TURNS) !== 0n) return undefined;
  const at = drawBelow(seed, "poml/newcomer-turn/v1", 1, BigInt(newcomers.length));
  return newcomers[Number(at)];
}
