/**
 * Chooses the nodes that get a seat when there are more nodes than seats, such that no node can expect a larger share
 * of the votes than its share of the weight. A node with at least the weight of a seat gets one for certain. Each of
 * the others is drawn with a probability in proportion to its weight, and all drawn ones have equal votes. The method
 * is systematic sampling: points at equal distances along the weights of all nodes. The nodes stand in an order
 * shuffled by the seed, so that no id or weight chosen beforehand determines their position.
 */
import { smallNumbers } from "./small-numbers.ts";
import { drawBelow } from "./weighted.ts";

const TAG = "poml/seats/v1";

interface SampledSeat {
  readonly position: number;
  readonly votes: bigint;
}

interface Weighed {
  readonly position: number;
  readonly weight: bigint;
}

/**
 * @param weights more than `seats` of them are above 0
 * @returns `seats` positions, in no particular order
 */
export function sampleSeats(
  seed: Uint8Array,
  weights: readonly bigint[],
  seats: number,
): SampledSeat[] {
  const all = weights.map((weight, position) => ({ position, weight }));
  const { certain, others } = parted(
    all.filter(({ weight }) => weight > 0n),
    seats,
  );
  const drawn = systematic(seed, shuffled(seed, others), seats - certain.length);
  return [...certain.map(({ position, weight }) => ({ position, votes: weight })), ...drawn];
}

/** Separates, from the largest on, the nodes that weigh at least as much as one of the remaining seats. */
function parted(
  voters: readonly Weighed[],
  seats: number,
): { certain: readonly Weighed[]; others: readonly Weighed[] } {
  const falling = [...voters].sort((a, b) => {
    if (a.weight === b.weight) return a.position - b.position;
    return a.weight > b.weight ? -1 : 1;
  });
  let rest = falling.reduce((sum, { weight }) => sum + weight, 0n);
  let count = 0;
  for (const { weight } of falling) {
    if (weight * BigInt(seats - count) < rest) break;
    rest -= weight;
    count++;
  }
  const isCertain = new Set(falling.slice(0, count));
  return { certain: falling.slice(0, count), others: voters.filter((one) => !isCertain.has(one)) };
}

/** Points `rest / seats` apart, the first of them drawn. No node here is long enough for two points. */
function systematic(seed: Uint8Array, order: readonly Weighed[], seats: number): SampledSeat[] {
  const rest = order.reduce((sum, { weight }) => sum + weight, 0n);
  const votes = rest / BigInt(seats);
  const drawn: SampledSeat[] = [];
  // All lengths are multiplied by `seats`, so that they stay whole numbers.
  let point = drawBelow(seed, TAG, 0, rest);
  let end = 0n;
  for (const { position, weight } of order) {
    end += weight * BigInt(seats);
    if (end <= point) continue;
    drawn.push({ position, votes });
    point += rest;
  }
  return drawn;
}

/** Fisher-Yates: from the last place on, each item is swapped with one drawn among those up to it. */
function shuffled<T>(seed: Uint8Array, items: readonly T[]): T[] {
  const order = [...items];
  const numberAt = smallNumbers(seed, "poml/seat-order/v1");
  for (let taken = 0; taken < order.length - 1; taken++) {
    const last = order.length - 1 - taken;
    const other = numberAt(taken) % (last + 1);
    const [a, b] = [order[last], order[other]];
    if (a === undefined || b === undefined) throw new RangeError("a shuffle ran past its end");
    order[last] = b;
    order[other] = a;
  }
  return order;
}
