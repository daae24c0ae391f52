/** What lanes say they have searched: a desk writes it to the log, ends leases by it, and answers what counts. */
import type { DeskLanes, LaneRow, Run } from "./desk-lanes.ts";
import type { AckEffect, BeatEvent, DeliverEvent, DeskEffect } from "./desk-messages.ts";
import type { Lease, LeaseTable } from "./lease-table.ts";
import { FREE, type Piece } from "./open-units.ts";
import { overlap, type Span, type Spans, sizeOf, without } from "./span.ts";
import type { CutStep, Holder, PartStep, ProgressStep } from "./step.ts";
import type { UnheldSteps } from "./unheld-steps.ts";

export interface DeskParts {
  readonly table: LeaseTable;
  readonly lanes: DeskLanes;
  readonly steps: UnheldSteps;
}

/** Who is said to have searched units, and who says so and gets the answer. */
interface Report {
  readonly searcher: Holder;
  readonly by: Holder;
}

export class DeskReports {
  readonly #table: LeaseTable;
  readonly #lanes: DeskLanes;
  readonly #steps: UnheldSteps;

  constructor({ table, lanes, steps }: DeskParts) {
    this.#table = table;
    this.#lanes = lanes;
    this.#steps = steps;
  }

  beat({ holder, lease: number, at, now }: BeatEvent, effects: DeskEffect[]): void {
    const lane = this.#lanes.of(holder, now);
    const lease = this.#table.lease(number);
    if (lease === undefined || !isHolder(lease, holder)) return;
    if (this.#table.isTurned) {
      this.#afterTurn(lease, { from: lease.granted.from, to: at }, holder, holder, effects);
      return;
    }
    const run = this.#lanes.run(number);
    if (lease.isOver || run === undefined) {
      this.#late(lease, at, now, effects);
      return;
    }
    if (at > lease.granted.to) return;
    start(run, lane, now);
    run.at = Math.max(run.at, Math.min(at, lease.to));
    if (at < lease.to) {
      if (this.#steps.has(number)) return;
      const done = { from: lease.granted.from, to: lease.at };
      this.#tellOwned(lease, done, { searcher: holder, by: holder }, effects);
      return;
    }
    this.log(run, lease.to, now, effects);
    if (at > lease.to) this.#late(lease, at, now, effects);
  }

  deliver(event: DeliverEvent, effects: DeskEffect[]): void {
    const { by, searcher, lease: number, now, from, to } = event;
    this.#lanes.of(by, now);
    const lease = this.#table.lease(number);
    if (lease === undefined || lease.kind === "repeat") return;
    if (this.#table.isTurned) {
      this.#afterTurn(lease, { from, to }, searcher, by, effects);
      return;
    }
    const span = { from: Math.max(from, lease.granted.from), to: Math.min(to, lease.granted.to) };
    if (span.to <= span.from) return;
    const run = this.#lanes.run(number);
    if (run !== undefined) start(run, run.lane, now);
    this.#part(lease, span, { searcher, by }, now, effects);
    if (!this.#steps.has(number)) this.#tellOwned(lease, span, { searcher, by }, effects);
    if (this.#table.lease(number)?.isOver === true) this.#lanes.end(number, run?.size ?? 0, now);
  }

  /** Writes how far a lease is. */
  log(run: Run, at: number, now: number, effects: DeskEffect[]): void {
    const lease = this.#table.lease(run.lease);
    if (lease === undefined || lease.isOver) return;
    const to = Math.min(at, lease.to);
    if (to <= lease.at) return;
    const span = { from: lease.at, to };
    const step: ProgressStep = { kind: "progress", lease: run.lease, to };
    const taken = lease.kind === "race" ? this.#table.open.within(span) : [];
    const won = this.#table.apply(step);
    run.lane.fruitless = 0;
    const counted = lease.kind === "repeat" ? [span] : won;
    const answers = answersFor(lease, { searcher: lease, by: lease }, span, counted);
    this.#steps.append(step, { lease: run.lease, answers }, now, effects);
    if (to === lease.to) this.#lanes.end(run.lease, to - lease.granted.from, now);
    if (taken.length > 0) this.#trim(taken, run.lease, now, effects);
    this.#endCopies(run.lease, now, effects);
  }

  /** Ends a lease at a unit. */
  cut(run: Run, to: number, now: number, effects: DeskEffect[]): void {
    const lease = this.#table.lease(run.lease);
    if (lease === undefined || lease.isOver || to >= lease.to) return;
    const step: CutStep = { kind: "cut", lease: run.lease, to };
    this.#table.apply(step);
    const end = { kind: "end", holder: run.lane.holder, lease: run.lease, to } as const;
    this.#steps.append(step, { lease: run.lease, answers: [end] }, now, effects);
    const after = this.#table.lease(run.lease);
    if (after?.isOver === true) this.#lanes.end(run.lease, after.at - after.granted.from, now);
  }

  /** Leases of which a copy has searched the last units end where the rest begins; so do other copies of them. */
  #trim(taken: readonly Piece[], by: number, now: number, effects: DeskEffect[]): void {
    const losers = new Set(taken.map(({ lease }) => lease));
    losers.delete(FREE);
    for (const holder of [...losers]) {
      for (const copy of this.#lanes.copiesOf(holder)) losers.add(copy.lease);
    }
    losers.delete(by);
    for (const number of losers) {
      const lease = this.#table.lease(number);
      const run = this.#lanes.run(number);
      if (lease === undefined || lease.isOver || run === undefined) continue;
      const last = this.#table.heldBy(lease).at(-1);
      const to = Math.max(lease.at, last?.to ?? lease.at);
      if (to >= lease.to) continue;
      if (last === undefined) this.log(run, Math.min(run.at, lease.to), now, effects);
      this.cut(run, Math.max(to, this.#table.lease(number)?.at ?? to), now, effects);
      // All that is left of it was searched, by its holder's word: nobody need copy that.
      if (run.at >= to) this.log(run, to, now, effects);
    }
  }

  /** Copies end when their units were searched by another. */
  #endCopies(holder: number, now: number, effects: DeskEffect[]): void {
    for (const copy of [...this.#lanes.copiesOf(holder)]) {
      const lease = this.#table.lease(copy.lease);
      if (lease === undefined || lease.isOver) continue;
      if (this.#table.heldBy(lease).length > 0) continue;
      this.cut(copy, lease.at, now, effects);
    }
  }

  /** A report of a lease that is over: what nobody else was given counts after all, the rest is told to be stale. */
  #late(lease: Lease, at: number, now: number, effects: DeskEffect[]): void {
    const { node, lane, granted } = lease;
    const holder = { node, lane };
    const report = { searcher: holder, by: holder };
    const until = Math.min(at, granted.to);
    const from = Math.max(lease.kind === "repeat" ? until : lease.at, granted.from);
    if (until > from && lease.kind !== "repeat") {
      this.#part(lease, { from, to: until }, report, now, effects);
    }
    if (this.#steps.has(lease.lease)) return;
    if (until > granted.from) {
      this.#tellOwned(lease, { from: granted.from, to: until }, report, effects);
    }
    if (at < granted.to) effects.push({ kind: "end", holder, lease: lease.lease, to: lease.to });
  }

  /** Writes that a node has searched units which are still a lease's, or free. */
  #part(lease: Lease, span: Span, report: Report, now: number, effects: DeskEffect[]): void {
    const isOpen = ({ lease: holder }: { lease: number }): boolean =>
      holder === lease.lease || holder === FREE;
    const open = this.#table.open.within(span).filter(isOpen);
    const [first, last] = [open[0], open.at(-1)];
    if (first === undefined || last === undefined) return;
    const { node, lane } = report.searcher;
    const part = { from: first.from, to: last.to };
    const step: PartStep = { kind: "part", lease: lease.lease, node, lane, ...part };
    const won = this.#table.apply(step);
    const run = this.#lanes.run(lease.lease);
    if (run !== undefined) {
      run.lane.delivered += sizeOf(won);
      run.lane.fruitless = 0;
    }
    const answers = answersFor(lease, report, part, won);
    this.#steps.append(step, { lease: lease.lease, answers }, now, effects);
    this.#endCopies(lease.lease, now, effects);
  }

  /** What the log had when it turned may be claimed; all else belongs to the next round. */
  #afterTurn(lease: Lease, said: Span, searcher: Holder, by: Holder, effects: DeskEffect[]): void {
    const { granted, kind } = lease;
    const [span] = overlap([granted], [said]);
    if (this.#steps.hasAny || span === undefined) return;
    const { first, repeated } = this.#table.ownedWithin(searcher.node, span);
    const own = kind === "repeat" ? repeated : first;
    effects.push(...answersFor(lease, { searcher, by }, span, own));
  }

  /** Answers a report that came before, or again: what is the searcher's by the log, and what is not. */
  #tellOwned(lease: Lease, span: Span, report: Report, effects: DeskEffect[]): void {
    if (span.to <= span.from) return;
    const { first, repeated } = this.#table.ownedWithin(report.searcher.node, span);
    const own = lease.kind === "repeat" ? repeated : first;
    const open = this.#table.open.within(span);
    const closed = lease.kind === "repeat" ? own : without([span], open);
    for (const answer of answersFor(lease, report, span, own)) {
      for (const part of overlap([answer], closed)) effects.push({ ...answer, ...part });
    }
  }
}

/** A lease begins when its holder is known to have it and has ended the one before. */
function start(run: Run, lane: LaneRow, now: number): void {
  if (run.startedAt !== undefined || lane.runs[0] !== run) return;
  run.startedAt = now;
}

function isHolder(lease: Lease, { node, lane }: Holder): boolean {
  return lease.node === node && lease.lane === lane;
}

/** Of a reported span, what counts and what does not. */
function answersFor(
  { lease }: Lease,
  { searcher: { node, lane }, by }: Report,
  span: Span,
  counted: Spans,
): AckEffect[] {
  const common = { by: { node: by.node, lane: by.lane }, holder: { node, lane }, lease };
  const won = counted.map(({ from, to }) => ({ kind: "ack", from, to, ...common }) as const);
  const lost = without([span], won).map(
    ({ from, to }) => ({ kind: "stale", from, to, ...common }) as const,
  );
  return [...won, ...lost];
}
