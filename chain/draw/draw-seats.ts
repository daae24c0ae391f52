/** Who votes in the epoch after the next, and whom the turns of newcomers are kept for. */
import { compareBytes, taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { limitedVotes } from "../rating/voting-limit.ts";
import type { State } from "../state/state.ts";
import type { NodeRecord, Seat } from "../types/node.ts";
import { hasLeft } from "./frozen-weights.ts";
import { sampleSeats } from "./sample-seats.ts";

/** Seats beside the drawn ones that hold no weight. */
export const NEWCOMER_SEATS = 8;
/** Regular windows within which a node counts as new. */
const NEWCOMER_WINDOWS = 10;

/**
 * Every node with voting weight, or `maxSeats` of them, and a few newcomers without; in node order. It
 * runs before the weights move, so they were frozen an epoch ago, when nobody could know this mix. A node that left
 * since loses the seat it would have had; nobody gets it instead. Each votes as far as the limit for one node allows.
 */
export function drawSeats(state: State): Seat[] {
  const all = Array.from(state.nodes.values(), ({ weight }) => weight);
  const seed = taggedHash("poml/seats/v1", state.meta.mix, uint32Bytes(state.height));
  const { maxSeats } = state.parameters;
  const isFew = all.filter((weight) => weight > 0n).length <= maxSeats;
  const voters = isFew
    ? all.flatMap((votes, position) => (votes > 0n ? [{ position, votes }] : []))
    : sampleSeats(seed, all, maxSeats);
  const seated = [
    ...voters.filter(({ position }) => !hasLeft(state.nodes.at(position))),
    ...drawNewcomers(state, seed).map((position) => ({ position, votes: 0n })),
  ].sort((a, b) => a.position - b.position);
  const votes = limitedVotes(seated.map((seat) => seat.votes));
  return seated.map(({ position }, i) => ({
    node: position,
    publicKey: state.nodes.at(position).publicKey,
    weight: votes[i] ?? 0n,
  }));
}

/**
 * Bonded nodes that no window has rated yet, for their first windows only, so that nobody lives on being new.
 * Each has a number of its own; the lowest ones get the seats, so that one that leaves moves nobody else.
 */
function drawNewcomers(state: State, seed: Uint8Array): number[] {
  return Array.from(state.nodes.entries())
    .filter(([, node]) => isNew(state, node))
    .map(([index]) => ({
      index,
      rank: taggedHash("poml/newcomers/v1", seed, uint32Bytes(index)),
    }))
    .sort((a, b) => compareBytes(a.rank, b.rank))
    .slice(0, NEWCOMER_SEATS)
    .map(({ index }) => index);
}

/** Registered an epoch ago or longer, when nobody could know what number it would get. */
function isNew({ height, parameters }: State, node: NodeRecord): boolean {
  const age = height - node.registeredAt;
  return (
    node.weight === 0n &&
    node.ratedWindow === 0 &&
    node.probation === 0 &&
    node.onionLeft > 0 &&
    node.registeredAt > 0 &&
    node.bond >= parameters.minBond &&
    !hasLeft(node) &&
    age >= parameters.epochBlocks &&
    age <= NEWCOMER_WINDOWS * parameters.windowInterval
  );
}
