/**
 * A slashed node has no vote from the next block on: the weight of its seats, in this epoch and in the next, becomes 0.
 * The seats stay in the lists, so that votes of other nodes that are already on their way still name the right seats.
 */

import type { State } from "../state/state.ts";
import type { Seat } from "../types/node.ts";
import { limitedVotes } from "../weight/voting-limit.ts";
import { totalWeight } from "../weight/weight.ts";

export function loseVote(state: State, node: number): void {
  state.seats = withoutVote(state.seats, node);
  state.nextSeats = withoutVote(state.nextSeats, node);
}

/**
 * The limit for one node is applied anew to the remaining nodes. If there is no other voter, the seat keeps its weight.
 * The others' shares of all votes grow by this, which vote-share.ts does not record: if one of them is slashed later,
 * the shares of the nodes slashed before are added to its own.
 */
function withoutVote(seats: readonly Seat[], node: number): readonly Seat[] {
  const held = seats.find((seat) => seat.node === node)?.weight ?? 0n;
  if (held === 0n || totalWeight(seats) === held) return seats;
  const votes = limitedVotes(seats.map((seat) => (seat.node === node ? 0n : seat.weight)));
  return seats.map((seat, position) => ({ ...seat, weight: votes[position] ?? 0n }));
}
