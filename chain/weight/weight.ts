/**
 * From ratings to votes. Rating, punctuality and bond determine the weight that a node may have; its weight among the
 * voters moves towards that in limited steps, one per epoch.
 */
import { MILLION, WHOLE } from "../millionths.ts";
import type { State } from "../state/state.ts";
import type { Parameters } from "../types/genesis.ts";
import type { NodeRecord, Seat } from "../types/node.ts";

/** Punctuality of a node that skipped no turn; millionths. */
export const FULL_PUNCTUALITY = WHOLE;

/** A rating without a bond gives no weight. */
export function weightOf(
  node: Pick<NodeRecord, "rating" | "punctuality" | "bond">,
  parameters: Parameters,
): bigint {
  const punctual = (node.rating * BigInt(node.punctuality)) / BigInt(FULL_PUNCTUALITY);
  const limit = node.bond / parameters.bondPerRating;
  return punctual < limit ? punctual : limit;
}

/** The weight that each node may have now, by node index; draws for work use these. */
export function weights(state: State): bigint[] {
  return Array.from(state.nodes.entries(), ([, node]) => weightOf(node, state.parameters));
}

/**
 * One step of the voting weights towards the weights that nodes may have. At most `weightChange` of all weight moves
 * upwards, and at most as much downwards; beyond that, all changes are reduced by the same factor. A node that may have
 * no weight loses all of it at once.
 * @returns the new weights by node index
 */
export function steppedWeights(
  nodes: readonly { readonly weight: bigint; readonly target: bigint }[],
  weightChange: number,
): bigint[] {
  const total = nodes.reduce((sum, { weight }) => sum + weight, 0n);
  if (total === 0n) return nodes.map(({ target }) => target);
  const bound = (total * BigInt(weightChange)) / MILLION;
  let up = 0n;
  let down = 0n;
  for (const { weight, target } of nodes) {
    if (target > weight) up += target - weight;
    else if (target > 0n) down += weight - target;
  }
  const part = (amount: bigint, of: bigint): bigint =>
    of <= bound ? amount : (amount * bound) / of;
  return nodes.map(({ weight, target }) => {
    if (target === 0n) return 0n;
    return target > weight
      ? weight + part(target - weight, up)
      : weight - part(weight - target, down);
  });
}

/** The voting weight of a node in this epoch or the next, whichever is larger; 0 without a seat. */
export function votingWeight(state: State, node: number): bigint {
  const votes = [...state.seats, ...state.nextSeats].filter((seat) => seat.node === node);
  return votes.reduce((most, { weight }) => (weight > most ? weight : most), 0n);
}

export function totalWeight(seats: readonly Pick<Seat, "weight">[]): bigint {
  return seats.reduce((sum, seat) => sum + seat.weight, 0n);
}
