/**
 * What the log of a round comes to: who holds which units, who has searched which, and what is free. Every member of the
 * team reads the log into a table of its own and refuses an entry that the table refuses, so no manager can lease units
 * twice.
 */
import { refuse } from "./lease-step-error.ts";
import { FREE, OpenUnits, type Piece } from "./open-units.ts";
import { OwnedUnits } from "./owned-units.ts";
import { RepeatedUnits } from "./repeated-units.ts";
import { type Span, type Spans, sizeOf, spansOf, without } from "./span.ts";
import type { CutStep, GrantStep, Holder, LeaseStep, PartStep, ProgressStep } from "./step.ts";
import type { HeldLease, TurnedTable } from "./turned.ts";

/** Finds of a log, at most. */
export const MAX_LOGGED_FINDS = 64;
/** Leases of a round, at most. */
export const MAX_LEASES = 2 ** 20;

export interface Lease extends Holder, Span {
  readonly lease: number;
  readonly kind: GrantStep["kind"];
  /** As it was granted; `to` is what a cut has left of it. */
  readonly granted: Span;
  /** Searched so far, by the log. */
  readonly at: number;
  /** Reported to its end, or cut. */
  readonly isOver: boolean;
}

/** A lease that comes from the round before. */
export interface CarriedLease extends Lease {
  /** Its number there. */
  readonly was: number;
}

export interface LoggedFind {
  readonly node: number;
  readonly nonce: bigint;
}

export interface OwnedSpans {
  readonly first: Spans;
  readonly repeated: Spans;
}

export interface TableOptions {
  /** Units that are open when the round begins. */
  readonly open: Spans;
  /** Leases at work that come from the round before: they are numbered from 1 on, and hold units of `open`. */
  readonly held?: readonly HeldLease[];
  /**
   * Of a log that goes on from the round before: what is open in the round by the chain, once the chain has reached it.
   * Without it the log began when the chain was there.
   */
  readonly onChain?: () => Spans | undefined;
}

export class LeaseTable {
  readonly #open: OpenUnits;
  readonly #leases: Lease[] = [];
  /** What nodes may claim. Units of repeats apart, since it is another that searched them first. */
  readonly #owned = new OwnedUnits();
  readonly #repeatedBy = new OwnedUnits();
  readonly #repeated = new RepeatedUnits();
  readonly #finds: LoggedFind[] = [];
  readonly #onChain: (() => Spans | undefined) | undefined;
  /** Their numbers in the log before; they have the first numbers here. */
  readonly #carried: readonly number[];
  #total: number;
  #isBegun: boolean;
  #isClosed = false;
  #isTurned = false;

  constructor({ open, held = [], onChain }: TableOptions) {
    this.#open = new OpenUnits(open);
    this.#total = this.#open.size;
    this.#onChain = onChain;
    this.#isBegun = onChain === undefined;
    this.#carried = held.map(({ was }) => was);
    for (const { node, lane, from, to, spans } of held) {
      const lease = this.next;
      for (const span of spans) this.#open.hold(span, lease);
      const granted = { from, to };
      const at = from;
      this.#leases.push({
        lease,
        kind: "grant",
        node,
        lane,
        ...granted,
        granted,
        at,
        isOver: false,
      });
    }
  }

  get open(): Pick<OpenUnits, "size" | "free" | "pieces" | "within" | "freePieces"> {
    return this.#open;
  }

  get leases(): readonly Lease[] {
    return this.#leases;
  }

  /** Leases that come from the round before, as they are now. */
  get carried(): readonly CarriedLease[] {
    return this.#carried.flatMap((was, i) => {
      const lease = this.#leases[i];
      return lease === undefined ? [] : [{ ...lease, was }];
    });
  }

  get finds(): readonly LoggedFind[] {
    return this.#finds;
  }

  /** Whether a node may claim the unit for the first search of it. */
  isSearched(unit: number): boolean {
    return this.#owned.covered({ from: unit, to: unit + 1 }) > 0;
  }

  /** Whether a node searches the unit now. */
  isLeased(unit: number): boolean {
    return this.#open.within({ from: unit, to: unit + 1 }).some(({ lease }) => lease !== FREE);
  }

  /** There are no more grants. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Nothing more belongs to the round. */
  get isTurned(): boolean {
    return this.#isTurned;
  }

  /** Its units are those that the chain has as open; false while its log is ahead of the chain. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Units that were open at the begin. */
  get total(): number {
    return this.#total;
  }

  /** Units that a node may claim. */
  claimable(node: number): number {
    return this.#owned.sizeOf(node) + this.#repeatedBy.sizeOf(node);
  }

  /**
   * What is open, and who searches it. Copies and second searches end with their round. What a sub-manager held stays in
   * its name until those below it have said what they searched, though others are sub-managers in the next round.
   */
  turned(): TurnedTable {
    const held = this.#leases.flatMap((lease) => {
      if (lease.isOver || !["grant", "pass"].includes(lease.kind)) return [];
      const spans = spansOf(this.heldBy(lease));
      const { lease: was, node, lane, at: from, to } = lease;
      return spans.length === 0 ? [] : [{ was, node, lane, from, to, spans }];
    });
    return { open: spansOf(this.#open.pieces), held };
  }

  /** Units that were searched by a second node. */
  get repeated(): number {
    return this.#repeated.searched;
  }

  /** Units that are, or are to be, searched by a second node. */
  get repeats(): number {
    return this.#repeated.size;
  }

  /** The number that the next lease has. */
  get next(): number {
    return this.#leases.length + 1;
  }

  lease(number: number): Lease | undefined {
    return this.#leases[number - 1];
  }

  /** Units of the range that a node may claim, those first searched by others included when it repeated them. */
  owned(node: number): OwnedSpans {
    return { first: this.#owned.of(node), repeated: this.#repeatedBy.of(node) };
  }

  /** Those of a span. */
  ownedWithin(node: number, span: Span): OwnedSpans {
    return {
      first: this.#owned.within(node, span),
      repeated: this.#repeatedBy.within(node, span),
    };
  }

  /** Nodes that own units. */
  owners(): readonly number[] {
    return [...new Set([...this.#owned.nodes, ...this.#repeatedBy.nodes])];
  }

  /** Units of a lease that it still holds. */
  heldBy(lease: Lease): readonly Piece[] {
    if (lease.isOver) return [];
    const pieces = this.#open.within({ from: lease.at, to: lease.to });
    return lease.kind === "race" ? pieces : pieces.filter((piece) => piece.lease === lease.lease);
  }

  /** Units of a lease that a node could search a second time. */
  repeatable(node: number, { granted }: Lease): Spans {
    const left = without([granted], spansOf(this.#open.within(granted)));
    return without(
      without(left, this.#owned.within(node, granted)),
      this.#repeated.within(granted),
    );
  }

  /** The same of all that was searched, in units. */
  repeatableBy(node: number): number {
    const repeated = this.#repeated.spans;
    let units = 0;
    for (const owner of this.#owned.nodes) {
      if (owner !== node) units += sizeOf(without(this.#owned.of(owner), repeated));
    }
    return units;
  }

  /** Of a sub-manager's table: units of a lease that it got. */
  add(span: Span): void {
    this.#open.add(span);
  }

  /** Of a sub-manager's table: free units that are its own no more. */
  withdraw(span: Span): void {
    for (const piece of this.#open.within(span)) {
      if (piece.lease === FREE) this.#open.searched(piece);
    }
  }

  /**
   * Takes a step in.
   * @returns the units that are searched by it, and had not been
   * @throws LeaseStepError and changes nothing when the step does not fit what was there
   */
  apply(step: LeaseStep): Spans {
    if (this.#isTurned && step.kind !== "takeover") throw refuse(step, "CLOSED");
    switch (step.kind) {
      case "grant":
      case "race":
      case "repeat":
      case "pass":
        this.#grant(step);
        return [];
      case "progress":
        return this.#progress(step);
      case "part":
        return this.#part(step);
      case "cut":
        this.#cut(step);
        return [];
      case "find":
        if (this.#finds.some(({ nonce }) => nonce === step.nonce))
          throw refuse(step, "NOTHING_NEW");
        if (this.#finds.length >= MAX_LOGGED_FINDS) throw refuse(step, "TOO_MANY");
        this.#finds.push({ node: step.node, nonce: step.nonce });
        return [];
      case "takeover":
        return [];
      case "close":
        if (this.#isClosed) throw refuse(step, "CLOSED");
        this.#isClosed = true;
        return [];
      case "turn":
        // A log is one round ahead of the chain at most.
        if (!this.#isBegun) throw refuse(step, "NOT_YET");
        this.#isClosed = true;
        this.#isTurned = true;
        return [];
      case "begin":
        this.#begin(step);
        return [];
      default:
        return step satisfies never;
    }
  }

  /** Units that the round before did not record are open again; what it recorded without the log's word is not. */
  #begin(step: LeaseStep): void {
    if (this.#isBegun) throw refuse(step, "NOTHING_NEW");
    const open = this.#onChain?.();
    if (open === undefined) throw refuse(step, "NOT_YET");
    this.#isBegun = true;
    const here = spansOf(this.#open.pieces);
    for (const gone of without(here, open)) this.#open.searched(gone);
    for (const again of without(without(open, here), this.#owned.all)) this.#open.add(again);
    this.#total = sizeOf(open);
  }

  #grant(step: GrantStep): void {
    const { kind, lease, node, lane, from, to } = step;
    if (this.#isClosed) throw refuse(step, "CLOSED");
    if (lease !== this.next) throw refuse(step, "WRONG_NUMBER");
    if (lease > MAX_LEASES) throw refuse(step, "TOO_MANY");
    if (to <= from) throw refuse(step, "OUTSIDE");
    const pieces = this.#open.within(step);
    const areAllOpen = sizeOf(pieces) === to - from;
    switch (kind) {
      case "grant":
        if (!areAllOpen || pieces.some((piece) => piece.lease !== FREE)) {
          throw refuse(step, "NOT_FREE");
        }
        this.#open.hold(step, lease);
        break;
      case "race":
        if (!areAllOpen) throw refuse(step, "NOT_OPEN");
        if (pieces.some((piece) => piece.lease === FREE)) throw refuse(step, "NOT_HELD");
        if (pieces.some((piece) => this.lease(piece.lease)?.node === node)) {
          throw refuse(step, "OWN_UNITS");
        }
        break;
      case "repeat":
        if (pieces.length > 0 || this.#owned.covered(step) < to - from)
          throw refuse(step, "NOT_SEARCHED");
        if (this.#owned.within(node, step).length > 0) throw refuse(step, "OWN_UNITS");
        if (this.#repeated.touches(step)) throw refuse(step, "REPEATED");
        this.#repeated.hold(step);
        break;
      case "pass": {
        const [first] = pieces;
        if (first === undefined || first.lease === FREE) throw refuse(step, "NOT_HELD");
        if (pieces.some((piece) => piece.lease !== first.lease)) throw refuse(step, "NOT_HELD");
        for (const piece of pieces) this.#open.hold(piece, lease);
        break;
      }
      default:
        kind satisfies never;
    }
    const granted = { from, to };
    this.#leases.push({ lease, kind, node, lane, from, to, granted, at: from, isOver: false });
  }

  #progress(step: ProgressStep): Spans {
    const lease = this.#openLease(step);
    const { to } = step;
    if (to <= lease.at || to > lease.to) throw refuse(step, "OUTSIDE");
    const span = { from: lease.at, to };
    const isOver = to === lease.to;
    if (lease.kind === "repeat") {
      this.#repeated.search(span);
      this.#repeatedBy.credit(lease.node, span);
      this.#put({ ...lease, at: to, isOver });
      return [];
    }
    const pieces = this.#open.within(span);
    const won =
      lease.kind === "race" ? pieces : pieces.filter((piece) => piece.lease === lease.lease);
    this.#search(won, lease.node);
    this.#put({ ...lease, at: to, isOver });
    return won;
  }

  #part(step: PartStep): Spans {
    const lease = this.lease(step.lease);
    if (lease === undefined || lease.kind === "repeat") throw refuse(step, "UNKNOWN_LEASE");
    const { from, to } = lease.granted;
    if (step.from < from || step.to > to || step.to <= step.from) throw refuse(step, "OUTSIDE");
    const won = this.#open
      .within(step)
      .filter((piece) => piece.lease === lease.lease || piece.lease === FREE);
    if (won.length === 0) throw refuse(step, "NOTHING_NEW");
    this.#search(won, step.node);
    if (!lease.isOver && lease.kind !== "race" && this.heldBy(lease).length === 0) {
      this.#put({ ...lease, isOver: true });
    }
    return won;
  }

  #cut(step: CutStep): void {
    const lease = this.#openLease(step);
    const { to } = step;
    if (to < lease.at || to >= lease.to) throw refuse(step, "OUTSIDE");
    const rest = { from: to, to: lease.to };
    if (lease.kind === "repeat") {
      this.#repeated.release(rest);
    } else if (lease.kind !== "race") {
      for (const piece of this.#open.within(rest)) {
        if (piece.lease === lease.lease) this.#open.release(piece, lease.node);
      }
    }
    this.#put({ ...lease, to, isOver: to === lease.at });
  }

  #openLease(step: ProgressStep | CutStep): Lease {
    const lease = this.lease(step.lease);
    if (lease === undefined) throw refuse(step, "UNKNOWN_LEASE");
    if (lease.isOver) throw refuse(step, "OVER");
    return lease;
  }

  #search(won: readonly Piece[], node: number): void {
    for (const piece of won) {
      this.#open.searched(piece);
      this.#owned.credit(node, piece);
    }
  }

  #put(lease: Lease): void {
    this.#leases[lease.lease - 1] = lease;
  }
}
