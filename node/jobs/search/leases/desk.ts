/**
 * The desk at which leases are given out: it takes asks and reports of lanes, decides who gets which units, and says
 * what is to be written to the log. No answer leaves before the log holds what it says.
 */
import { DeskGrants } from "./desk-grants.ts";
import { DeskLanes, isLate } from "./desk-lanes.ts";
import type { DeskEffect, DeskEvent, FoundEvent } from "./desk-messages.ts";
import { type PastStep, replay } from "./desk-replay.ts";
import { type DeskParts, DeskReports } from "./desk-reports.ts";
import { LeaseTable, MAX_LOGGED_FINDS } from "./lease-table.ts";
import { FREE } from "./open-units.ts";
import type { Span, Spans } from "./span.ts";
import type { CutStep, Holder, RoundStep } from "./step.ts";
import { BEAT_MS, CARRIED_MS, MANAGER_MISSES } from "./timing.ts";
import { UnheldSteps } from "./unheld-steps.ts";

export interface DeskOptions {
  /** Units that are open when the round begins. */
  readonly open: Spans;
  /** Of a log that goes on from the round before, in place of `open`: as it is before the first step. */
  readonly table?: LeaseTable;
  /** Units to be searched a second time by another node, of each 100; 0 to 100. */
  readonly redundancy: number;
  /**
   * Whether a holder has its leases from this desk; default: all have. Others go on elsewhere in the tree, and what they
   * held in the round before is free again once they had time to say what they searched of it.
   */
  readonly isServed?: (holder: Holder) => boolean;
  /** In [0, 1). */
  readonly random: () => number;
}

export class LeaseDesk {
  readonly #table: LeaseTable;
  readonly #lanes = new DeskLanes();
  readonly #steps = new UnheldSteps();
  readonly #grants: DeskGrants;
  readonly #reports: DeskReports;
  readonly #redundancy: number;
  readonly #isServed: (holder: Holder) => boolean;
  /** Since when leases of the round before wait for what their holders searched; undefined when none does. */
  #carriedSince: number | undefined;
  /** Since when all is searched. */
  #searchedAt: number | undefined;
  #saidCovered = false;

  constructor({ open, table, redundancy, isServed = () => true, random }: DeskOptions) {
    this.#table = table ?? new LeaseTable({ open });
    this.#reports = new DeskReports(this.#parts);
    this.#redundancy = redundancy;
    this.#isServed = isServed;
    this.#grants = new DeskGrants(this.#parts, { redundancy, random });
  }

  get #parts(): DeskParts {
    return { table: this.#table, lanes: this.#lanes, steps: this.#steps };
  }

  /** As the log says, with what is not held yet. */
  get table(): LeaseTable {
    return this.#table;
  }

  /** Units a millisecond of all lanes that are there. */
  totalRate(now: number): number {
    return this.#lanes.totalRate(now);
  }

  /**
   * A desk that goes on where a log ends. Leases at work get their time anew; how fast lanes are follows from the log.
   * @throws LeaseStepError for a log that no table takes
   */
  static resume(options: DeskOptions, log: readonly PastStep[], now: number): LeaseDesk {
    const desk = new LeaseDesk(options);
    replay(desk.#parts, log, now, desk.#isServed);
    desk.#carriedSince = now;
    return desk;
  }

  /** Of a sub-manager's desk: units that it may give out. */
  add(span: Span): void {
    this.#table.add(span);
    this.#saidCovered = false;
  }

  /** Of a sub-manager's desk: units that it may not give out any more; who searches them still reports them. */
  withdraw(span: Span): void {
    this.#table.withdraw(span);
  }

  step(event: DeskEvent): readonly DeskEffect[] {
    const effects: DeskEffect[] = [];
    const { now } = event;
    switch (event.kind) {
      case "ask": {
        const lane = this.#lanes.of(event.holder, now);
        lane.rttMs = event.rttMs;
        lane.lanes = event.lanes ?? 1;
        this.#grants.ask(lane, event, effects);
        break;
      }
      case "beat":
        this.#reports.beat(event, effects);
        break;
      case "deliver":
        this.#reports.deliver(event, effects);
        break;
      case "orphan":
        this.#grants.orphan(event, effects);
        break;
      case "found":
        this.#found(event, effects);
        break;
      case "held":
        this.#held(event.id, now, effects);
        break;
      case "close":
        this.#close(now, effects);
        break;
      case "turn":
        this.#turn(now, effects);
        break;
      case "pause":
        this.#pause(now, effects);
        break;
      case "begin":
        this.#begin(now, effects);
        break;
      case "tick":
        this.#tick(now, effects);
        break;
      default:
        return event satisfies never;
    }
    if (!this.#saidCovered && this.#table.isBegun && this.#isCovered(now)) {
      this.#saidCovered = true;
      effects.push({ kind: "covered" });
    }
    return effects;
  }

  /** All is searched, and as much of it twice as the order wants, or as those that are there can. */
  #isCovered(now: number): boolean {
    const { open, repeated, repeats, total } = this.#table;
    if (open.size > 0) {
      this.#searchedAt = undefined;
      return false;
    }
    this.#searchedAt ??= now;
    if (repeated >= Math.floor((total * this.#redundancy) / 100)) return true;
    // Those that can may not have asked yet.
    if (repeats > repeated || now - this.#searchedAt < MANAGER_MISSES * BEAT_MS) return false;
    return [...this.#lanes.nodes(now)].every((node) => this.#table.repeatableBy(node) === 0);
  }

  #found({ node, nonce, now }: FoundEvent, effects: DeskEffect[]): void {
    const { finds, isTurned } = this.#table;
    if (isTurned) return;
    // Where nearly every nonce is a find, there are more than a log holds.
    if (finds.length >= MAX_LOGGED_FINDS || finds.some((find) => find.nonce === nonce)) return;
    const step = { kind: "find", node, nonce } as const;
    this.#table.apply(step);
    this.#steps.append(step, { lease: FREE, answers: [step] }, now, effects);
  }

  #held(id: number, now: number, effects: DeskEffect[]): void {
    const written = this.#steps.held(id, now, effects);
    if (written?.lane === undefined) return;
    const { lane } = written;
    const run = this.#lanes.run(written.lease);
    if (run === undefined || lane.runs[0] !== run) return;
    run.startedAt = now + lane.rttMs / 2;
    run.waitedMs = lane.endedAt === undefined ? 0 : run.startedAt - lane.endedAt + lane.rttMs / 2;
  }

  #close(now: number, effects: DeskEffect[]): void {
    if (this.#table.isClosed) return;
    this.#cutAll(now, effects);
    this.#end("close", now, effects);
  }

  #pause(now: number, effects: DeskEffect[]): void {
    if (this.#table.isClosed || this.#grants.isPaused) return;
    this.#grants.isPaused = true;
    this.#cutAll(now, effects);
  }

  /** Leases of lanes end where their lanes are; what sub-managers hold, they may give out to its end. */
  #cutAll(now: number, effects: DeskEffect[]): void {
    for (const run of [...this.#lanes.runs]) {
      this.#reports.log(run, run.at, now, effects);
      const lease = this.#table.lease(run.lease);
      if (lease !== undefined && run.lane.lanes === 1) {
        this.#reports.cut(run, lease.at, now, effects);
      }
    }
  }

  /** All that is known of leases at work belongs to the round, and nothing more. */
  #turn(now: number, effects: DeskEffect[]): void {
    if (this.#table.isClosed || !this.#table.isBegun) return;
    for (const run of [...this.#lanes.runs]) this.#reports.log(run, run.at, now, effects);
    this.#end("turn", now, effects);
  }

  #end(kind: "close" | "turn", now: number, effects: DeskEffect[]): void {
    this.#write({ kind }, now, effects);
    for (const lane of this.#lanes.all) {
      if (lane.isWaiting) this.#grants.refuse(lane, now, effects);
    }
  }

  /** The driver knows that the chain is there. */
  #begin(now: number, effects: DeskEffect[]): void {
    if (!this.#table.isBegun) this.#write({ kind: "begin" }, now, effects);
  }

  #write(step: RoundStep, now: number, effects: DeskEffect[]): void {
    this.#table.apply(step);
    this.#steps.append(step, { lease: FREE, answers: [] }, now, effects);
  }

  #tick(now: number, effects: DeskEffect[]): void {
    if (this.#table.isTurned) return;
    const late = [...this.#lanes.runs].filter((run) => isLate(run, now));
    for (const { lane, lease } of late) {
      this.#grants.rest(lane, lease, now);
      for (const run of [...lane.runs]) {
        this.#reports.log(run, run.at, now, effects);
        const lease = this.#table.lease(run.lease);
        if (lease !== undefined) this.#reports.cut(run, lease.at, now, effects);
      }
    }
    this.#endCarried(now, effects);
    this.#grants.serveWaiting(now, effects);
  }

  /** Leases of the round before whose holders are served elsewhere in this one. */
  #endCarried(now: number, effects: DeskEffect[]): void {
    if (this.#carriedSince === undefined || now - this.#carriedSince < CARRIED_MS) return;
    this.#carriedSince = undefined;
    for (const { lease, at, to, isOver, ...holder } of this.#table.carried) {
      if (isOver || at >= to || this.#isServed(holder)) continue;
      const step: CutStep = { kind: "cut", lease, to: at };
      this.#table.apply(step);
      this.#steps.append(step, { lease, answers: [] }, now, effects);
    }
  }
}
