/** Who votes in the epoch after the next, and so who has turns to propose. */
import { taggedHash, uint32Bytes } from "../crypto/hash.ts";
import type { State } from "../state/state.ts";
import type { Seat } from "../types/node.ts";
import { limitedVotes } from "../weight/voting-limit.ts";
import { hasLeft } from "./frozen-weights.ts";
import { sampleSeats } from "./sample-seats.ts";

/**
 * Every node with voting weight, or `maxSeats` of them, in node order. Nobody has a seat or a turn for being new: it
 * would go to whoever registers most keys, and a node has weight from its first verified window on. This runs before
 * the weights move, so they were frozen an epoch ago, when nobody could know this mix. A node that left since loses
 * the seat it would have had; nobody gets it instead. Each votes as far as the limit for one node allows.
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
