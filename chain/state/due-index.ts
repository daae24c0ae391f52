/**
 * An index of records by the height at which they are due: it finds the next ones without reading the others. The order
 * follows from the records alone (height, then position), not from the history of changes.
 */
export class DueIndex {
  readonly #heightOf = new Map<number, number>();
  /** Heights at which something is due, ascending. */
  readonly #heights: number[] = [];
  /** Positions by height, ascending. */
  readonly #positions = new Map<number, number[]>();

  /** @param height 0 = never */
  set(position: number, height: number): void {
    const before = this.#heightOf.get(position) ?? 0;
    if (before === height) return;
    if (before !== 0) this.#remove(position, before);
    if (height !== 0) this.#add(position, height);
  }

  /** Positions due at this height or below; do not call `set` during the walk. */
  *upTo(height: number): IterableIterator<{ position: number; due: number }> {
    for (const due of this.#heights) {
      if (due > height) return;
      for (const position of this.#positions.get(due) ?? []) yield { position, due };
    }
  }

  #add(position: number, height: number): void {
    this.#heightOf.set(position, height);
    const positions = this.#positions.get(height) ?? [];
    if (positions.length === 0) {
      this.#positions.set(height, positions);
      this.#heights.splice(placeOf(this.#heights, height), 0, height);
    }
    positions.splice(placeOf(positions, position), 0, position);
  }

  #remove(position: number, height: number): void {
    this.#heightOf.delete(position);
    const positions = this.#positions.get(height) ?? [];
    positions.splice(placeOf(positions, position), 1);
    if (positions.length > 0) return;
    this.#positions.delete(height);
    this.#heights.splice(placeOf(this.#heights, height), 1);
  }
}

/** The place of a number among ascending ones, or the place where it belongs. */
function placeOf(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}
