/** Weights from which a few are removed; it is made at once for a list that was used before. */

/** Sum of the weights up to and including each position. */
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

export class WeightList {
  readonly #weights: readonly bigint[];
  readonly #sums: readonly bigint[];
  /** Ascending. */
  readonly #removed: number[] = [];
  total: bigint;

  /** @param weights at least 0 each; the same list must never change */
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

  /**
   * The position whose share of the remaining weights contains the ticket.
   * @param ticket below `total`
   */
  at(ticket: bigint): number {
    // Finds the same ticket among all weights: the removed weights before it are added again.
    let among = ticket;
    for (const position of this.#removed) {
      const weight = this.#weights[position] ?? 0n;
      if (among < (this.#sums[position] ?? 0n) - weight) break;
      among += weight;
    }
    return firstOf(this.#sums.length, (i) => (this.#sums[i] ?? 0n) > among);
  }
}

/**
 * The first of `length` positions for which the condition holds, or `length`. The condition must hold for all positions
 * after it, too.
 */
function firstOf(length: number, holds: (position: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
