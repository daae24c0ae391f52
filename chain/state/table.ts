/**
 * A growing list of records that can be forked. The changes of a fork are kept apart until they are absorbed, so a
 * candidate block can be tried and dropped at the cost of a Map. Inside a fork, a mark and a rollback undo the last few
 * changes, so a transaction can be tried at the cost of a few array entries. Records are never mutated. Without reading
 * the other records, the table knows which records are active, how many there are, and which are due. A table may drop
 * records that are no longer active.
 */
import {
  add,
  type Ground,
  groundOf,
  heightOf,
  isActive,
  isForgotten,
  membersOf,
  note,
  type Schedule,
  type TableRules,
} from "./table-ground.ts";

/** What a change replaced; `added` is the key of a record that did not exist before. */
interface Undo<V> {
  readonly index: number;
  readonly before: V | undefined;
  readonly added: string | undefined;
}

export class Table<V> {
  readonly #ground: Ground<V>;
  readonly #parent: Table<V> | undefined;
  readonly #changed = new Map<number, V>();
  readonly #newKeys = new Map<string, number>();
  readonly #undo: Undo<V>[] = [];
  /** Relative to the parent: how many more records are active, in total and by group. */
  readonly #moreByGroup = new Map<string, number>();
  #moreActive = 0;
  #length: number;
  #isMarked = false;

  private constructor(ground: Ground<V>, parent?: Table<V>) {
    this.#ground = ground;
    this.#parent = parent;
    this.#length = parent === undefined ? ground.base.length : parent.length;
  }

  /** @param values undefined: a record that was dropped */
  static of<V>(values: Iterable<V | undefined>, rules: TableRules<V>): Table<V> {
    return new Table(groundOf(values, rules));
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

  /** @throws RangeError when there is no such record, or it was dropped */
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
    this.#count(index, -1);
    this.#changed.set(index, value);
    this.#count(index, 1);
  }

  push(value: V): number {
    const index = this.#length++;
    const key = this.#ground.rules.keyOf(value);
    if (this.#isMarked) this.#undo.push({ index, before: undefined, added: key });
    this.#changed.set(index, value);
    this.#newKeys.set(key, index);
    this.#count(index, 1);
    return index;
  }

  /** How many records are active. */
  get activeCount(): number {
    let count = this.#ground.active.size;
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      count += table.#moreActive;
    }
    return count;
  }

  /** How many records of a group are active. */
  countOf(group: string): number {
    let count = this.#ground.groups.get(group) ?? 0;
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      count += table.#moreByGroup.get(group) ?? 0;
    }
    return count;
  }

  /** All present records in order; not for a table that drops records. */
  *entries(): IterableIterator<[number, V]> {
    for (let index = 0; index < this.#length; index++) yield [index, this.at(index)];
  }

  /** The present active records in order. Reads only these and the changed ones. */
  *activeEntries(): IterableIterator<[number, V]> {
    const indexes = new Set(this.#ground.active);
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      for (const index of table.#changed.keys()) indexes.add(index);
    }
    for (const index of [...indexes].sort((a, b) => a - b)) {
      const value = this.at(index);
      if (isActive(this.#ground.rules, value)) yield [index, value];
    }
  }

  /** The present active records with this member, in order. Reads only these and the changed ones. */
  *of(member: number): IterableIterator<[number, V]> {
    const { members, rules } = this.#ground;
    const indexes = new Set(members.get(member));
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      for (const index of table.#changed.keys()) indexes.add(index);
    }
    for (const index of [...indexes].sort((a, b) => a - b)) {
      const value = this.at(index);
      if (membersOf(rules, value).includes(member)) yield [index, value];
    }
  }

  /** The active records that changed since the fork, as they are now, in order. */
  touched(): [index: number, value: V][] {
    return [...this.#changed]
      .filter(([, value]) => isActive(this.#ground.rules, value))
      .sort(([a], [b]) => a - b);
  }

  /**
   * The records due at this height or below, by height, then position. During the walk only records that were already
   * returned may change.
   */
  due(height: number): IterableIterator<[index: number, value: V]> {
    return this.#upTo(height, "due");
  }

  /** The records with a draw at this height or below, in the same way as `due`. */
  draws(height: number): IterableIterator<[index: number, value: V]> {
    return this.#upTo(height, "draws");
  }

  *#upTo(height: number, schedule: Schedule): IterableIterator<[index: number, value: V]> {
    const changed = this.#changedUpTo(height, schedule);
    let next = 0;
    for (const { position, due } of this.#ground[schedule].upTo(height)) {
      if (this.#isChanged(position)) continue;
      for (const one of changed.slice(next)) {
        if (!isBefore(one, { position, due })) break;
        yield [one.position, this.at(one.position)];
        next++;
      }
      yield [position, this.at(position)];
    }
    for (const { position } of changed.slice(next)) yield [position, this.at(position)];
  }

  #isChanged(index: number): boolean {
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      if (table.#changed.has(index)) return true;
    }
    return false;
  }

  /** The due records among those that forks changed; the ground has older values of these. */
  #changedUpTo(height: number, schedule: Schedule): Due[] {
    const { rules } = this.#ground;
    const indexes = new Set<number>();
    for (let table: Table<V> | undefined = this; table !== undefined; table = table.#parent) {
      for (const index of table.#changed.keys()) indexes.add(index);
    }
    return Array.from(indexes, (position): Due => {
      return { position, due: heightOf(rules, schedule, this.at(position)) };
    })
      .filter(({ due }) => due !== 0 && due <= height)
      .sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  /** All present records in order; not for a table that drops records. */
  values(): V[] {
    const { base, rules } = this.#ground;
    if (this.#parent === undefined && this.#changed.size === 0 && rules.forgets !== true) {
      return base.slice() as V[];
    }
    return Array.from(this.entries(), ([, value]) => value);
  }

  fork(): Table<V> {
    return new Table(this.#ground, this);
  }

  /** Changes from here on can be undone until `release`. There is only one mark at a time. */
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
      this.#count(index, -1);
      if (added !== undefined) {
        this.#newKeys.delete(added);
        this.#length--;
      }
      if (before === undefined) this.#changed.delete(index);
      else this.#changed.set(index, before);
      if (added === undefined) this.#count(index, 1);
    }
    this.#isMarked = false;
  }

  /** Changes relative to the parent (to nothing for a root table), by index. */
  get changes(): ReadonlyMap<number, V> {
    return this.#changed;
  }

  /** Takes over the changes of a fork of this table; the fork must not be used afterwards. */
  absorb(fork: Table<V>): void {
    if (fork.#parent !== this) throw new TypeError("absorb takes only a fork of this table");
    for (const [key, index] of fork.#newKeys) this.#newKeys.set(key, index);
    for (const [index, value] of fork.#changed) this.#changed.set(index, value);
    this.#length = fork.#length;
    this.#moreActive += fork.#moreActive;
    for (const [group, more] of fork.#moreByGroup) add(this.#moreByGroup, group, more);
    if (this.#parent === undefined) this.#settle();
  }

  /** Moves the changes of a root table into its base. */
  #settle(): void {
    const { base, keys, groups, rules } = this.#ground;
    for (const [key, index] of this.#newKeys) keys.set(key, index);
    for (const [index, value] of [...this.#changed].sort(([a], [b]) => a - b)) {
      note(this.#ground, index, value, base[index]);
      const isGone = isForgotten(rules, value);
      base[index] = isGone ? undefined : value;
      if (isGone) keys.delete(rules.keyOf(value));
    }
    for (const [group, more] of this.#moreByGroup) add(groups, group, more);
    this.#changed.clear();
    this.#newKeys.clear();
    this.#moreByGroup.clear();
    this.#moreActive = 0;
  }

  #count(index: number, by: number): void {
    const { rules } = this.#ground;
    if (rules.isActive === undefined) return;
    const value = this.at(index);
    if (!rules.isActive(value)) return;
    this.#moreActive += by;
    const group = rules.groupOf?.(value);
    if (group !== undefined) add(this.#moreByGroup, group, by);
  }
}

interface Due {
  readonly position: number;
  readonly due: number;
}

function isBefore(a: Due, b: Due): boolean {
  return a.due === b.due ? a.position < b.position : a.due < b.due;
}
