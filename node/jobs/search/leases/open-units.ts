/**
 * The units of a range that nobody has searched yet: free, or held by a lease. What is not here is searched. Pieces are
 * sorted and disjoint by construction, so a unit has one holder at most.
 */
import type { Span, Spans } from "./span.ts";

/** Lease number of free units. */
export const FREE = 0;
/** Node of free units that nobody has lost. */
export const NOBODY = -1;

export interface Piece extends Span {
  /** FREE, or the lease that holds it. */
  readonly lease: number;
  /** Of free units: the node that had them last, or NOBODY. */
  readonly lostBy: number;
}

type Holding = Pick<Piece, "lease" | "lostBy">;

export class OpenUnits {
  readonly #pieces: Piece[];
  #free = 0;
  #size = 0;
  /** No unit before this one is free: leases are given from below, and a search for free units need not start at 0. */
  #firstFree = 0;

  constructor(open: Spans) {
    this.#pieces = open.map(({ from, to }) => ({ from, to, lease: FREE, lostBy: NOBODY }));
    for (const { from, to } of open) this.#size += to - from;
    this.#free = this.#size;
  }

  /** Units that nobody has searched. */
  get size(): number {
    return this.#size;
  }

  /** Those that nobody holds. */
  get free(): number {
    return this.#free;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /** Free pieces, lowest first. */
  *freePieces(): Generator<Piece, void> {
    for (let i = this.#firstAfter(this.#firstFree), isFirst = true; i < this.#pieces.length; i++) {
      const piece = this.#pieces[i];
      if (piece === undefined || piece.lease !== FREE) continue;
      if (isFirst) this.#firstFree = piece.from;
      isFirst = false;
      yield piece;
    }
  }

  /** The pieces that lie in a span, cut to it. */
  within({ from, to }: Span): Piece[] {
    const found: Piece[] = [];
    for (let i = this.#firstAfter(from); i < this.#pieces.length; i++) {
      const piece = this.#pieces[i];
      if (piece === undefined || piece.from >= to) break;
      found.push(clip(piece, from, to));
    }
    return found;
  }

  /** Takes units, all of them open, out of the open ones. */
  searched(span: Span): void {
    this.#replace(span, undefined);
  }

  /** Gives units, all of them open, another holder. */
  hold(span: Span, lease: number): void {
    this.#replace(span, { lease, lostBy: NOBODY });
  }

  release(span: Span, lostBy: number): void {
    this.#firstFree = Math.min(this.#firstFree, span.from);
    this.#replace(span, { lease: FREE, lostBy });
  }

  /** Adds units that were not open before; free. */
  add(span: Span): void {
    const at = this.#firstAfter(span.from);
    this.#firstFree = Math.min(this.#firstFree, span.from);
    this.#pieces.splice(at, 0, { ...span, lease: FREE, lostBy: NOBODY });
    this.#size += span.to - span.from;
    this.#free += span.to - span.from;
    this.#join(at);
    this.#join(at + 1);
  }

  #replace({ from, to }: Span, by: Holding | undefined): void {
    const begin = this.#firstAfter(from);
    const put: Piece[] = [];
    let end = begin;
    for (; end < this.#pieces.length; end++) {
      const piece = this.#pieces[end];
      if (piece === undefined || piece.from >= to) break;
      const inside = clip(piece, from, to);
      const units = inside.to - inside.from;
      if (piece.from < from) put.push(part(piece.from, from, piece));
      if (piece.lease === FREE) this.#free -= units;
      if (by === undefined) this.#size -= units;
      else put.push(part(inside.from, inside.to, by));
      if (by?.lease === FREE) this.#free += units;
      if (piece.to > to) put.push(part(to, piece.to, piece));
    }
    this.#put(begin, end - begin, put);
    for (let i = begin + put.length; i >= begin; i--) this.#join(i);
  }

  /** As `splice`: mostly one piece takes the place of one, and then no piece after it moves. */
  #put(begin: number, count: number, put: readonly Piece[]): void {
    const [only] = put;
    if (count === 1 && put.length === 1 && only !== undefined) this.#pieces[begin] = only;
    else this.#pieces.splice(begin, count, ...put);
  }

  /** Makes one piece of the one at `at` and the one before, where they touch and say the same. */
  #join(at: number): void {
    const [before, piece] = [this.#pieces[at - 1], this.#pieces[at]];
    if (before === undefined || piece === undefined || before.to !== piece.from) return;
    if (before.lease !== piece.lease || before.lostBy !== piece.lostBy) return;
    this.#pieces.splice(at - 1, 2, part(before.from, piece.to, before));
  }

  /** Index of the first piece that ends after `unit`. */
  #firstAfter(unit: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#pieces[middle]?.to ?? 0) <= unit) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function clip(piece: Piece, from: number, to: number): Piece {
  if (piece.from >= from && piece.to <= to) return piece;
  return part(Math.max(piece.from, from), Math.min(piece.to, to), piece);
}

function part(from: number, to: number, { lease, lostBy }: Holding): Piece {
  return { from, to, lease, lostBy };
}
