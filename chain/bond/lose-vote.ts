/**
 * A slashed node votes no more from the next block on: its seats, of this epoch and the next, weigh nothing. It keeps
 * its place in the lists, so that votes of others already on their way still name the right seats.
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
 * The limit for one node holds among the nodes that are left. Without any other voter the seat keeps its weight. The
 * others' parts of the votes grow by this. vote-share.ts does not note that: if one of them is slashed later, the
 * parts of those slashed before are added to its own.
 */
function withoutVote(seats: readonly Seat[], node: number): readonly Seat[] {
  const held = seats.find((seat) => seat.node === node)?.weight ?? 0n;
  if (held === 0n || totalWeight(seats) === held) return seats;
  const votes = limitedVotes(seats.map((seat) => (seat.node === node ? 0n : seat.weight)));
  return seats.map((seat, position) => ({ ...seat, weight: votes[position] ?? 0n }));
}
