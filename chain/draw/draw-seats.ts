/** Draws the seats of the epoch after the next one: the nodes that vote in it, and take turns to propose. */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import type { State } from "../state/state.ts";
import type { Seat } from "../types/node.ts";
import { limitedVotes } from "../weight/voting-limit.ts";
import { hasLeft } from "./frozen-weights.ts";
import { sampleSeats } from "./sample-seats.ts";

/**
 * Every node with voting weight, or `maxSeats` of them, in node order. A new node gets no seat or turn in advance:
 * otherwise the owner that registers most keys would get most of them, and a node has weight from its first verified
 * window on anyway. This runs before the weights move. They were frozen an epoch ago, when this mix could not be known.
 * A node that has left since loses the seat it would have had, and no other node gets it instead. The votes of each are
 * limited by the limit for one node.
 */
export function drawSeats(state: State): Seat[] {
  const all = Array.from(state.nodes.values(), ({ weight }) => weight);
  const seed = taggedHash("poml/seats/v1", state.meta.mix, uint32Bytes(state.height));
  const { maxSeats } = state.parameters;
  const isFew = all.filter((weight) => weight > 0n).length <= maxSeats;
  const voters = isFew
    ? all.flatMap((votes, position) => (votes > 0n ? [{ position, votes }] : []))
    : sampleSeats(seed, all, maxSeats);
  const seated = voters
    .filter(({ position }) => !hasLeft(state.nodes.at(position)))
    .sort((a, b) => a.position - b.position);
  const votes = limitedVotes(seated.map((seat) => seat.votes));
  return seated.map(({ position }, i) => ({
    node: position,
    publicKey: state.nodes.at(position).publicKey,
    weight: votes[i] ?? 0n,
  }));
}
