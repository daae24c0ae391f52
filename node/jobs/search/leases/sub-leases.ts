/** What a sub-manager holds from the managers above, and by which number each of them knows it. */
import {
  type Ancestry,
  ancestryOf,
  hasNames,
  joined,
  namesWithin,
  type ParentLease,
} from "./ancestry.ts";
import { type Span, type Spans, without } from "./span.ts";
import type { LeasePart } from "./sub-messages.ts";

export interface SubLease extends ParentLease {
  /** How many managers above its parent the one stands that knows the units by this number; undefined: none. */
  readonly level: number | undefined;
  /** By which leases those above that one know them. */
  readonly parents: Ancestry;
  /** It came from a parent that is gone: the manager above is asked for the rest of it. */
  readonly isOrphan: boolean;
  /** That one has given the rest of it to others. */
  readonly isRefused: boolean;
}

export class SubLeases {
  #leases: SubLease[] = [];
  #level = 0;

  get all(): readonly SubLease[] {
    return this.#leases;
  }

  /** Numbers of the leases that the parent of now gave. */
  get ofParent(): readonly number[] {
    return this.#leases.filter(({ isOrphan }) => !isOrphan).map(({ lease }) => lease);
  }

  has(lease: number): boolean {
    return this.ofParent.includes(lease);
  }

  /** Units that were lost above and are given again belong to the new lease. */
  add({ lease, from, to }: ParentLease, parents: Ancestry): void {
    this.#take([{ from, to }]);
    const begun = { isOrphan: false, isRefused: false };
    this.#leases.push({ lease, from, to, parents, level: this.#level, ...begun });
  }

  #take(given: Spans): void {
    this.#leases = this.#leases.flatMap((old) =>
      without([old], given).map(({ from, to }) => ({ ...old, from, to })),
    );
  }

  /**
   * The parent is gone; the manager above it knows the units by other numbers.
   * @returns units that nobody above knows
   */
  moveUp(): Spans {
    this.#level++;
    const lost: Span[] = [];
    this.#leases = this.#leases.flatMap(({ from, to, parents }) => {
      const [names = [], ...above] = parents;
      const orphan = { isOrphan: true, isRefused: false };
      const known = names.map((name) => {
        return { ...name, parents: ancestryOf(above, name), level: this.#level, ...orphan };
      });
      const rest = without([{ from, to }], inOrder(names)).flatMap((span): SubLease[] => {
        const later = ancestryOf(above, span);
        if (hasNames(later))
          return [{ lease: 0, ...span, parents: later, level: undefined, ...orphan }];
        lost.push(span);
        return [];
      });
      return [...known, ...rest];
    });
    return lost;
  }

  refuse(refused: SubLease): void {
    this.#leases = this.#leases.map((lease) =>
      lease === refused ? { ...lease, isRefused: true } : lease,
    );
  }

  keep(isWanted: (lease: SubLease) => boolean): void {
    this.#leases = this.#leases.filter(isWanted);
  }

  /** The leases, as the parent of now knows them, that these units are part of. */
  named(span: Span): readonly ParentLease[] {
    const known = this.#leases.filter(({ level }) => level !== undefined);
    return namesWithin(known, span);
  }

  /** The leases that these units are part of, each with the place of the manager that gave it. */
  parts(span: Span): readonly LeasePart[] {
    return this.#leases.flatMap(({ level, ...lease }) =>
      level === undefined ? [] : namesWithin([lease], span).map((name) => ({ ...name, level })),
    );
  }

  /** What a child must know of its units, should this sub-manager die. */
  ancestryOf(span: Span): Ancestry {
    return this.#leases.reduce<Ancestry>((all, { lease, level, parents, from, to }) => {
      const above = ancestryOf(parents, span);
      if (level === undefined) return joined(all, [...nobody(this.#level + 1), ...above]);
      const own = namesWithin([{ lease, from, to }], span);
      return joined(all, [...nobody(level), own, ...above]);
    }, []);
  }
}

function nobody(levels: number): Ancestry {
  return Array.from({ length: levels }, () => []);
}

function inOrder(names: readonly ParentLease[]): Spans {
  return names.map(({ from, to }) => ({ from, to })).toSorted((a, b) => a.from - b.from);
}
