/**
 * Copies of leases near the end of a search: when nothing is free, a lane gets units that another is still searching, if
 * both together end sooner than that one alone. Copies are copied too. Each open unit is left to one lane: to the newest
 * copy at work that has it, else to its holder.
 */
import { type DeskLanes, GUESSED_MS, isDoubtful, type LaneRow, type Run } from "./desk-lanes.ts";
import type { LeaseTable } from "./lease-table.ts";
import { MEASURED_MS } from "./pace.ts";
import { type Span, type Spans, sizeOf, spansOf, without } from "./span.ts";
import { partFor } from "./split.ts";
import { BEAT_MS, LATE_FACTOR } from "./timing.ts";

interface SlowRun {
  readonly run: Run;
  /** Until it should be done. */
  readonly ms: number;
  /** Its holder may be gone. */
  readonly isDoubtful: boolean;
}

export interface Copy extends Span {
  /** The lease that holds the units. */
  readonly copies: number;
}

export class Copies {
  readonly #table: LeaseTable;
  readonly #lanes: DeskLanes;
  #slowest: readonly SlowRun[] = [];
  #slowestAt = Number.NEGATIVE_INFINITY;

  constructor(table: LeaseTable, lanes: DeskLanes) {
    this.#table = table;
    this.#lanes = lanes;
  }

  /**
   * The upper part of what the slowest lease has left, so that both meet when they end. Of a holder that may be gone
   * nothing is expected: all is copied, in parts that are worth the asking.
   * @param askMs what it takes the lane to begin
   */
  spanFor(lane: LaneRow, askMs: number, now: number): Copy | undefined {
    const { rate } = lane.pace;
    if (rate === undefined) return undefined;
    const ownWaitMs = Math.max(askMs, queueMs(lane.runs, now));
    for (const slow of this.#slow(now)) {
      // Those that follow end sooner.
      if (ownWaitMs >= slow.ms) return undefined;
      const { run } = slow;
      const copies = run.copies ?? run.lease;
      const { node } = lane.holder;
      if (run.lane.holder.node === node || this.#table.lease(copies)?.node === node) continue;
      const last = this.leftTo(run).at(-1);
      if (last === undefined) continue;
      const part = this.#part(slow, last, { rate, waitMs: ownWaitMs, askMs }, now);
      if (part !== undefined) return { ...part, copies };
    }
    return undefined;
  }

  #part(
    { run, ms, isDoubtful }: SlowRun,
    { from, to }: Span,
    own: { readonly rate: number; readonly waitMs: number; readonly askMs: number },
    now: number,
  ): Span | undefined {
    const units = to - from;
    if (isDoubtful) {
      const most = Math.max(1, Math.floor(own.rate * Math.max(own.askMs, MEASURED_MS)));
      const begin = Math.max(from, to - most);
      return own.waitMs + (to - begin) / own.rate < ms ? { from: begin, to } : undefined;
    }
    const rate = run.lane.pace.rate ?? units / GUESSED_MS;
    const before = run.lane.runs.slice(0, run.lane.runs.indexOf(run));
    const part = partFor({ units, rate, waitMs: queueMs(before, now) }, own);
    return part === undefined ? undefined : { from: to - part, to };
  }

  /** Units that are left to a lease. */
  leftTo(run: Run): Spans {
    const lease = this.#table.lease(run.lease);
    if (lease === undefined || lease.isOver) return [];
    const rest = { from: Math.max(run.at, lease.at), to: lease.to };
    const holder = run.copies ?? run.lease;
    const own = this.#table.open.within(rest).filter(({ lease }) => lease === holder);
    const copied: Span[] = [];
    for (const copy of this.#lanes.copiesOf(holder)) {
      const later = copy.lease > run.lease ? this.#table.lease(copy.lease) : undefined;
      if (later === undefined || later.granted.from >= rest.to || later.to <= rest.from) continue;
      copied.push({ from: later.granted.from, to: later.to });
    }
    return without(spansOf(own), spansOf(copied));
  }

  /** Leases at work that could be copied, those with most time left first; as of a moment ago. */
  #slow(now: number): readonly SlowRun[] {
    if (now - this.#slowestAt < BEAT_MS / 8) return this.#slowest;
    this.#slowestAt = now;
    const slow: SlowRun[] = [];
    for (const run of this.#lanes.runs) {
      const { lane } = run;
      if (this.#table.lease(run.lease)?.kind === "repeat") continue;
      // After a takeover: its holder may have done more than this manager has heard.
      if (lane.heardAt > now || lane.lanes > 1) continue;
      const units = sizeOf(this.leftTo(run));
      if (units === 0) continue;
      const isInDoubt = isDoubtful(lane, now);
      slow.push({ run, ms: leftMs(run, units, now, isInDoubt), isDoubtful: isInDoubt });
    }
    this.#slowest = slow.sort((a, b) => b.ms - a.ms);
    return this.#slowest;
  }
}

/** Milliseconds until a lease should be done; those of a holder that may be gone are reckoned by when they are late. */
function leftMs(run: Run, units: number, now: number, isInDoubt: boolean): number {
  const { lane, startedAt = now, expectedMs = GUESSED_MS } = run;
  const byRate = lane.pace.rate === undefined ? expectedMs : units / lane.pace.rate;
  if (isInDoubt) return Math.max(byRate, startedAt + LATE_FACTOR * expectedMs - now) + expectedMs;
  return byRate + queueMs(lane.runs.slice(0, lane.runs.indexOf(run)), now);
}

/** Milliseconds until these leases of one lane should be done. */
function queueMs(runs: readonly Run[], now: number): number {
  let ms = 0;
  for (const { startedAt = now, expectedMs = GUESSED_MS } of runs) {
    ms += Math.max(0, startedAt + expectedMs - now);
  }
  return ms;
}
