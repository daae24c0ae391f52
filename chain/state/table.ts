/**
 * A growing list of records with a fork: changes are kept apart until they are absorbed, so that a
 * candidate block can be tried and dropped for the price of a Map. Records are never mutated.
 */

export class Table<V> {
  readonly #base: V[];
  readonly #keys: Map<string, number>;
  readonly #keyOf: (value: V) => string;
  readonly #parent: Table<V> | undefined;
  readonly #changed = new Map<number, V>();
  readonly #newKeys = new Map<string, number>();
  #length: number;

  private constructor(
    base: V[],
    keys: Map<string, number>,
    keyOf: (value: V) => string,
    parent?: Table<V>,
  ) {
    this.#base = base;
    this.#keys = keys;
    this.#keyOf = keyOf;
    this.#parent = parent;
    this.#length = parent === undefined ? base.length : parent.length;
  }

  static of<V>(values: readonly V[], keyOf: (value: V) => string): Table<V> {
    const keys = new Map<string, number>();
    values.forEach((value, index) => {
      keys.set(keyOf(value), index);
    });
    return new Table([...values], keys, keyOf);
  }

  get length(): number {
    return this.#length;
  }

  indexOf(key: string): number | undefined {
    return this.#newKeys.get(key) ?? this.#parent?.indexOf(key) ?? this.#keys.get(key);
  }

  get(index: number): V | undefined {
    return (
      this.#changed.get(index) ?? (this.#parent ?? { get: (i: number) => this.#base[i] }).get(index)
    );
  }

  /** @throws RangeError when there is no such record */
  at(index: number): V {
    const value = this.get(index);
    if (value === undefined) throw new RangeError(`no record ${index} of ${this.#length}`);
    return value;
  }

  set(index: number, value: V): void {
    if (index < 0 || index >= this.#length) {
      throw new RangeError(`set ${index} of ${this.#length}`);
    }
    this.#changed.set(index, value);
  }

  push(value: V): number {
    const index = this.#length++;
    this.#changed.set(index, value);
    this.#newKeys.set(this.#keyOf(value), index);
    return index;
  }

  *entries(): IterableIterator<[number, V]> {
    for (let index = 0; index < this.#length; index++) yield [index, this.at(index)];
  }

  fork(): Table<V> {
    return new Table(this.#base, this.#keys, this.#keyOf, this);
  }

  /** Changes against the parent (against nothing for a root table), by index. */
  get changes(): ReadonlyMap<number, V> {
    return this.#changed;
  }

  /** Takes over the changes of a fork of this table; the fork must not be used afterwards. */
  absorb(fork: Table<V>): void {
    if (fork.#parent !== this) throw new TypeError("absorb takes a fork of this very table");
    for (const [key, index] of fork.#newKeys) this.#newKeys.set(key, index);
    for (const [index, value] of fork.#changed) this.#changed.set(index, value);
    this.#length = fork.#length;
    if (this.#parent === undefined) this.#settle();
  }

  /** Moves a root table's changes into its base. */
  #settle(): void {
    for (const [index, value] of [...this.#changed].sort(([a], [b]) => a - b)) {
      this.#base[index] = value;
    }
    for (const [key, index] of this.#newKeys) this.#keys.set(key, index);
    this.#changed.clear();
    this.#newKeys.clear();
  }
}
