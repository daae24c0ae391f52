/**
 * From ratings to votes. What a node may weigh follows from rating, punctuality and bond; what it
 * does weigh among the voters moves there in bounded steps, one an epoch.
 */
import { MILLION } from "../millionths.ts";
import type { State } from "../state/state.ts";
import type { Parameters } from "../types/genesis.ts";
import type { NodeRecord, Seat } from "../types/node.ts";

/** Of a node that let no turn pass; millionths. */
export const FULL_PUNCTUALITY = 1_000_000;

/** A rating without a bond selects nothing. */
export function weightOf(
  node: Pick<NodeRecord, "rating" | "punctuality" | "bond">,
  parameters: Parameters,
): bigint {
  const punctual = (node.rating * BigInt(node.punctuality)) / BigInt(FULL_PUNCTUALITY);
  const limit = node.bond / parameters.bondPerRating;
  return punctual < limit ? punctual : limit;
}

/** What all nodes may weigh now, by node index: the weights of draws for work. */
export function weights(state: State): bigint[] {
  return Array.from(state.nodes.entries(), ([, node]) => weightOf(node, state.parameters));
}

/**
 * One step of the voting weights towards what nodes may weigh. Upwards and downwards at most
 * `weightChange` of all weight moves; beyond it everybody moves by the same part. Who may weigh
 * nothing any more is out at once.
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

/** What a node votes with in this epoch or the next, whichever is more; 0 without a seat. */
export function votingWeight(state: State, node: number): bigint {
  const votes = [...state.seats, ...state.nextSeats].filter((seat) => seat.node === node);
  return votes.reduce((most, { weight }) => (weight > most ? weight : most), 0n);
}

export function totalWeight(seats: readonly Pick<Seat, "weight">[]): bigint {
  return seats.reduce((sum, seat) => sum + seat.weight, 0n);
}
