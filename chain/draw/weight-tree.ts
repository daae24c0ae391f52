/** Weights that are removed one by one, with the position of a ticket among the remaining ones (a Fenwick tree). */
export class WeightTree {
  readonly #weights: bigint[];
  /** Indexed from 1; element i is the sum of the (i & -i) weights that end at i. */
  readonly #sums: bigint[];
  #total = 0n;

  constructor(weights: readonly bigint[]) {
    this.#weights = [...weights];
    this.#sums = [0n, ...weights];
    for (let i = 1; i < this.#sums.length; i++) {
      this.#total += weights[i - 1] ?? 0n;
      const above = i + (i & -i);
      if (above < this.#sums.length) this.#add(above, this.#sums[i] ?? 0n);
    }
  }

  get total(): bigint {
    return this.#total;
  }

  /**
   * The position whose share of the remaining weights contains the ticket.
   * @param ticket below `total`
   */
  at(ticket: bigint): number {
    let at = 0;
    let rest = ticket;
    for (let step = highestBit(this.#sums.length - 1); step > 0; step >>>= 1) {
      const sum = this.#sums[at + step];
      if (sum === undefined || sum > rest) continue;
      at += step;
      rest -= sum;
    }
    return at;
  }

  remove(position: number): void {
    const weight = this.#weights[position] ?? 0n;
    if (weight === 0n) return;
    this.#weights[position] = 0n;
    this.#total -= weight;
    for (let i = position + 1; i < this.#sums.length; i += i & -i) this.#add(i, -weight);
  }

  #add(at: number, amount: bigint): void {
    this.#sums[at] = (this.#sums[at] ?? 0n) + amount;
  }
}

function highestBit(value: number): number {
  let bit = 1;
  while (bit * 2 <= value) bit *= 2;
  return bit;
}
