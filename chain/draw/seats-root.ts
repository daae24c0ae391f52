/** The root of a list of seats. Every header contains it, and the list stays the same for an epoch. */
import type { Seat } from "../types/node.ts";
import { Seats } from "../types/state.ts";

const roots = new WeakMap<readonly Seat[], Uint8Array>();

/** @param seats a list that never changes */
export function seatsRootOf(seats: readonly Seat[]): Uint8Array {
  const known = roots.get(seats);
  if (known !== undefined) return known;
  const root = Seats.hashTreeRoot([...seats]);
  roots.set(seats, root);
  return root;
}
