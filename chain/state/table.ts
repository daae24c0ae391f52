/**
 * A growing list of records with a fork: changes are kept apart until they are absorbed, so that a
 * candidate block can be tried and dropped for the price of a Map. Inside a fork, a mark and a
 * rollback undo the last few changes, so that a transaction can be tried for the price of a few
 * array entries. Records are never mutated. Which of them something still happens to is known without
 * reading the others.
 */

/** What a change replaced; `added` has the key of a record that was not there before. */
interface Undo<V> {
  readonly index: number;
  readonly before: V | undefined;
  readonly added: string | undefined;
}

/** What a table shares with its forks. */
interface Ground<V> {
  readonly base: V[];
  readonly keys: Map<string, number>;
  readonly keyOf: (value: V) => string;
  /** Records of the base that are active. */
  readonly active: Set<number>;
  readonly isActive: (value: V) => boolean;
}

export class Table<V> {
  readonly #ground: Ground<V>;
  readonly #parent: Table<V> | undefined;
  readonly #changed = new Map<number, V>();
  readonly #newKeys = new Map<string, number>();
  readonly #undo: Undo<V>[] = [];
  #length: number;
  #isMarked = false;

  private constructor(ground: Ground<V>, parent?: Table<V>) {
    this.#ground = ground;
    this.#parent = parent;
    this.#length = parent === undefined ? ground.base.length : parent.length;
  }

  /**
   * @param keyOf short and unique, e.g. `bytesKey` of an id
   * @param isActive what `activeEntries` gives; default: nothing
   */
  static of<V>(
    values: readonly V[],
    keyOf: (value: V) => string,
    isActive: (value: V) => boolean = () => false,
  ): Table<V> {
    const keys = new Map<string, number>();
    const active = new Set<number>();
    values.forEach((value, index) => {
      keys.set(keyOf(value), index);
      if (isActive(value)) active.add(index);
    });
    return new Table({ base: [...values], keys, keyOf, active, isActive });
  }

  get length(): number {
    return this.#length;
  }

  indexOf(key: string): number | undefined {
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      const index = table.#newKeys.get(key);
      if (index !== undefined) return index;
    }
    return this.#ground.keys.get(key);
  }

  get(index: number): V | undefined {
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      const value = table.#changed.get(index);
      if (value !== undefined) return value;
    }
    return this.#ground.base[index];
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
    if (this.#isMarked) {
      this.#undo.push({ index, before: this.#changed.get(index), added: undefined });
    }
    this.#changed.set(index, value);
  }

  push(value: V): number {
    const index = this.#length++;
    const key = this.#ground.keyOf(value);
    if (this.#isMarked) this.#undo.push({ index, before: undefined, added: key });
    this.#changed.set(index, value);
    this.#newKeys.set(key, index);
    return index;
  }

  *entries(): IterableIterator<[number, V]> {
    for (let index = 0; index < this.#length; index++) yield [index, this.at(index)];
  }

  /** The active records as they are now, in order. Reads these and the changed ones only. */
  *activeEntries(): IterableIterator<[number, V]> {
    const indexes = new Set(this.#ground.active);
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      for (const index of table.#changed.keys()) indexes.add(index);
    }
    for (const index of [...indexes].sort((a, b) => a - b)) {
      const value = this.at(index);
      if (this.#ground.isActive(value)) yield [index, value];
    }
  }

  /** All records as they are now, in order. */
  values(): V[] {
    if (this.#parent === undefined && this.#changed.size === 0) return this.#ground.base.slice();
    return Array.from(this.entries(), ([, value]) => value);
  }

  fork(): Table<V> {
    return new Table(this.#ground, this);
  }

  /** Changes from here on can be taken back, until `release`. One mark at a time. */
  mark(): void {
    if (this.#isMarked) throw new TypeError("a table holds one mark at a time");
    this.#isMarked = true;
  }

  /** Ends the mark: its changes stay. */
  release(): void {
    this.#isMarked = false;
    this.#undo.length = 0;
  }

  /** Ends the mark: its changes are undone. */
  rollback(): void {
    for (let entry = this.#undo.pop(); entry !== undefined; entry = this.#undo.pop()) {
      const { index, before, added } = entry;
      if (added !== undefined) {
        this.#newKeys.delete(added);
        this.#length--;
      }
      if (before === undefined) this.#changed.delete(index);
      else this.#changed.set(index, before);
    }
    this.#isMarked = false;
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
    const { base, keys, active, isActive } = this.#ground;
    for (const [index, value] of [...this.#changed].sort(([a], [b]) => a - b)) {
      base[index] = value;
      if (isActive(value)) active.add(index);
      else active.delete(index);
    }
    for (const [key, index] of this.#newKeys) keys.set(key, index);
    this.#changed.clear();
    this.#newKeys.clear();
  }
}
