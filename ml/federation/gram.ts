/**
 * The dot products of all changes of a round, summed up stretch by stretch, so that the changes need not fit in memory.
 * Sums depend on where stretches end: all nodes must cut them alike.
 */
type Values = Float32Array | Float64Array;

export class Gram {
  readonly #size: number;
  readonly #sums: Float64Array;

  constructor(size: number) {
    this.#size = size;
    this.#sums = new Float64Array(size * size);
  }

  /** @param changes the same stretch of each; one that is absent counts as zeros */
  add(changes: readonly (Values | undefined)[]): void {
    for (let i = 0; i < this.#size; i++) {
      const a = changes[i];
      if (a === undefined) continue;
      for (let j = i; j < this.#size; j++) {
        const b = changes[j];
        if (b === undefined) continue;
        const at = i * this.#size + j;
        this.#sums[at] = (this.#sums[at] ?? 0) + product(a, b);
      }
    }
  }

  dot(i: number, j: number): number {
    return this.#sums[Math.min(i, j) * this.#size + Math.max(i, j)] ?? 0;
  }
}

function product(a: Values, b: Values): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] ?? 0) * (b[k] ?? 0);
  return sum;
}
