/**
 * The slots of a table that forgets, in order. The slot of an active record holds the record. When a record has left
 * the table, its slot holds only its root: no rule reads such a record any more, and it never changes. Nodes that keep
 * the chain have the record itself in their database.
 */

/** 32 bytes: the SSZ root of a record that left. */
export type Slot<V> = V | Uint8Array;

/** May be iterated more than once. */
export interface Slots<V> {
  readonly length: number;
  [Symbol.iterator](): Iterator<Slot<V>>;
}

const ROOT = 32;

/** Collects slots; a record that has left takes only the room of its root. */
export class SlotList<V> implements Slots<V> {
  readonly #records = new Map<number, V>();
  #roots = new Uint8Array(1024 * ROOT);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(slot: Slot<V>): void {
    const index = this.#length++;
    if (!(slot instanceof Uint8Array)) {
      this.#records.set(index, slot);
      return;
    }
    if (slot.length !== ROOT) throw new RangeError(`a root of ${slot.length} bytes`);
    if (this.#roots.length < this.#length * ROOT) this.#grow();
    this.#roots.set(slot, index * ROOT);
  }

  *[Symbol.iterator](): Generator<Slot<V>> {
    for (let index = 0; index < this.#length; index++) {
      yield this.#records.get(index) ?? this.#roots.slice(index * ROOT, (index + 1) * ROOT);
    }
  }

  #grow(): void {
    const roots = new Uint8Array(2 * this.#length * ROOT);
    roots.set(this.#roots);
    this.#roots = roots;
  }
}
