/**
 * Weighted draws from public randomness: prefix sums and a 256-bit number taken modulo the total
 * (bias below 2^-190). Everyone computes the same result; nobody chooses it.
 */
import { taggedHash, toHex, uint32Bytes } from "../crypto/hash.ts";

/** An integer in [0, total) from a seed, a purpose and a counter. */
export function drawBelow(seed: Uint8Array, tag: string, counter: number, total: bigint): bigint {
  if (total <= 0n) throw new RangeError(`drawBelow needs a positive total, got ${total}`);
  return BigInt(`0x${toHex(taggedHash(tag, seed, uint32Bytes(counter)))}`) % total;
}

/**
 * Draws up to `count` positions without replacement, each with probability proportional to its
 * weight among those left. Positions of zero weight are never drawn. Many draws from one list cost
 * little more than one: its sums are worked out once.
 * @param weights at least 0 each; the same list must never change
 * @param excluded positions that are not drawn, as if they had no weight
 */
export function drawWithoutReplacement(
  seed: Uint8Array,
  tag: string,
  weights: readonly bigint[],
  count: number,
  excluded: Iterable<number> = [],
): number[] {
  const left = new Left(weights);
  for (const position of excluded) left.remove(position);
  const drawn: number[] = [];
  while (drawn.length < count && left.total > 0n) {
    const position = left.at(drawBelow(seed, tag, drawn.length, left.total));
    left.remove(position);
    drawn.push(position);
  }
  return drawn;
}

/** Sum of the weights up to and with each position. */
const sums = new WeakMap<readonly bigint[], readonly bigint[]>();

function sumsOf(weights: readonly bigint[]): readonly bigint[] {
  const known = sums.get(weights);
  if (known !== undefined) return known;
  let sum = 0n;
  const made = weights.map((weight) => {
    sum += weight;
    return sum;
  });
  sums.set(weights, made);
  return made;
}

/** The positions of a list that a draw can still come to. */
class Left {
  readonly #weights: readonly bigint[];
  readonly #sums: readonly bigint[];
  /** Ascending. */
  readonly #removed: number[] = [];
  total: bigint;

  constructor(weights: readonly bigint[]) {
    this.#weights = weights;
    this.#sums = sumsOf(weights);
    this.total = this.#sums.at(-1) ?? 0n;
  }

  remove(position: number): void {
    const weight = this.#weights[position] ?? 0n;
    const at = firstOf(this.#removed.length, (i) => (this.#removed[i] ?? 0) >= position);
    if (weight === 0n || this.#removed[at] === position) return;
    this.#removed.splice(at, 0, position);
    this.total -= weight;
  }

  /** The position whose part of the weights left holds the ticket. @param ticket below `total` */
  at(ticket: bigint): number {
    // The same ticket among all weights: what was removed before it is added again.
    let among = ticket;
    for (const position of this.#removed) {
      const weight = this.#weights[position] ?? 0n;
      if (among < (this.#sums[position] ?? 0n) - weight) break;
      among += weight;
    }
    return firstOf(this.#sums.length, (i) => (this.#sums[i] ?? 0n) > among);
  }
}

/** The first of `length` positions for which a condition holds that holds for all after it; else `length`. */
function firstOf(length: number, holds: (position: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
