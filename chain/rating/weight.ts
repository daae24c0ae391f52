/** From ratings to votes: weight = rating limited by the bond, and the seats frozen per epoch. */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { drawWithoutReplacement } from "../draw/weighted.ts";
import type { State } from "../state/state.ts";
import type { Parameters } from "../types/genesis.ts";
import type { NodeRecord, Seat } from "../types/node.ts";

/** A rating without a bond selects nothing. */
export function weightOf(node: NodeRecord, parameters: Parameters): bigint {
  const limit = node.bond / parameters.bondPerRating;
  return node.rating < limit ? node.rating : limit;
}

/** Weights of all nodes by node index. */
export function weights(state: State): bigint[] {
  return Array.from(state.nodes.entries(), ([, node]) => weightOf(node, state.parameters));
}

/** Every weighted node, or `maxSeats` of them drawn by weight; in node order. */
export function drawSeats(state: State): Seat[] {
  const all = weights(state);
  const seed = taggedHash("poml/seats/v1", state.meta.mix, uint32Bytes(state.height));
  const seated = all.filter((weight) => weight > 0n).length;
  const drawn =
    seated <= state.parameters.maxSeats
      ? all.flatMap((weight, index) => (weight > 0n ? [index] : []))
      : drawWithoutReplacement(seed, "poml/seats/v1", all, state.parameters.maxSeats);
  return drawn
    .sort((a, b) => a - b)
    .map((index) => ({
      node: index,
      publicKey: state.nodes.at(index).publicKey,
      weight: all[index] ?? 0n,
    }));
}

export function totalWeight(seats: readonly Seat[]): bigint {
  return seats.reduce((sum, seat) => sum + seat.weight, 0n);
}

/**
 * At the last height of an epoch the frozen next seats take over and the weights of this moment
 * are frozen for the epoch after. An epoch that would have no voter keeps the old seats.
 */
export function turnEpoch(state: State): void {
  if ((state.height + 1) % state.parameters.epochBlocks !== 0) return;
  state.seats = state.nextSeats;
  const next = drawSeats(state);
  if (next.length > 0) state.nextSeats = next;
  takeNextOnions(state);
}

export function epochOf(height: number, parameters: Parameters): number {
  return Math.floor(height / parameters.epochBlocks);
}

function takeNextOnions(state: State): void {
  const epoch = epochOf(state.height + 1, state.parameters);
  for (const [index, node] of state.nodes.entries()) {
    if (node.nextOnionEpoch === 0 || node.nextOnionEpoch > epoch) continue;
    state.nodes.set(index, {
      ...node,
      onion: node.nextOnion,
      onionLeft: node.nextOnionLeft,
      nextOnion: new Uint8Array(32),
      nextOnionLeft: 0,
      nextOnionEpoch: 0,
    });
  }
}
