/**
 * Copies of leases near the end of a search: when nothing is free, a lane gets units that another is still searching, if
 * both together end sooner than that one alone. Copies are copied too. Each open unit is left to one lane: to the newest
 * copy at work that has it, else to its holder. Units for which lanes were waited for in vain are given to twice as many
 * each time, so that nodes which take copies and do not search them cannot hold up the end one after another.
 */
import { type DeskLanes, GUESSED_MS, isDoubtful, type LaneRow, type Run } from "./desk-lanes.ts";
import type { LeaseTable } from "./lease-table.ts";
import { MEASURED_MS } from "./pace.ts";
import { type Span, type Spans, sizeOf, spansOf, without } from "./span.ts";
import { partFor } from "./split.ts";
import { BEAT_MS } from "./timing.ts";

/** More than any lease takes. */
const NEVER = Number.MAX_SAFE_INTEGER;

interface SlowRun {
  readonly run: Run;
  /** Until it should be done; `NEVER` where its lane may be gone. */
  readonly ms: number;
}

export interface Copy extends Span {
  /** The lease that holds the units. */
  readonly copies: number;
}

export class Copies {
  readonly #table: LeaseTable;
  readonly #lanes: DeskLanes;
  #slowest: readonly SlowRun[] = [];
  /** With a lane that may be gone, or does not work. */
  #doubtfulNodes: ReadonlySet<number> = new Set();
  #slowestAt = Number.NEGATIVE_INFINITY;

  constructor(table: LeaseTable, lanes: DeskLanes) {
    this.#table = table;
    this.#lanes = lanes;
  }

  /**
   * The upper part of what the slowest lease has left, so that both meet when they end. Of a lane that may be gone
   * nothing is expected: all is copied, in parts of at least a second's work, since each part must be asked for.
   * @param askMs milliseconds from the lane's ask until it begins
   */
  spanFor(lane: LaneRow, askMs: number, now: number): Copy | undefined {
    const { rate } = lane.pace;
    if (rate === undefined) return undefined;
    const slowest = this.#slow(now);
    if (this.#doubtfulNodes.has(lane.holder.node)) return undefined;
    const ownWaitMs = Math.max(askMs, queueMs(lane.runs, now));
    for (const slow of slowest) {
      // Those that follow end sooner.
      if (ownWaitMs >= slow.ms) return undefined;
      const { run } = slow;
      const copies = run.copies ?? run.lease;
      const { node } = lane.holder;
      if (run.lane.holder.node === node || this.#table.lease(copies)?.node === node) continue;
      const last = this.#leftTo(run, now).at(-1);
      if (last === undefined) continue;
      const part = this.#part(slow, last, { rate, waitMs: ownWaitMs, askMs }, now);
      if (part !== undefined) return { ...part, copies };
    }
    return undefined;
  }

  #part(
    { run, ms }: SlowRun,
    { from, to }: Span,
    own: { readonly rate: number; readonly waitMs: number; readonly askMs: number },
    now: number,
  ): Span | undefined {
    const units = to - from;
    if (ms === NEVER) {
      const most = Math.max(1, Math.floor(own.rate * Math.max(own.askMs, MEASURED_MS)));
      return { from: Math.max(from, to - most), to };
    }
    const rate = run.lane.pace.rate ?? units / GUESSED_MS;
    const before = run.lane.runs.slice(0, run.lane.runs.indexOf(run));
    const part = partFor({ units, rate, waitMs: queueMs(before, now) }, own);
    return part === undefined ? undefined : { from: to - part, to };
  }

  /** Units that are left to a lease. */
  #leftTo(run: Run, now: number): Spans {
    const lease = this.#table.lease(run.lease);
    if (lease === undefined || lease.isOver) return [];
    const rest = { from: Math.max(run.at, lease.at), to: lease.to };
    const holder = run.copies ?? run.lease;
    const own = this.#table.open.within(rest).filter(({ lease }) => lease === holder);
    const copied: Span[] = [];
    let failed = 0;
    for (const copy of this.#lanes.copiesOf(holder)) {
      const other = this.#table.lease(copy.lease);
      if (other === undefined || other.granted.from >= rest.to || other.to <= rest.from) continue;
      if (isDoubtful(copy.lane, now)) failed++;
      if (copy.lease > run.lease) copied.push({ from: other.granted.from, to: other.to });
    }
    const wanted = isDoubtful(run.lane, now) ? 1 + failed : 1;
    return without(spansOf(own), coveredBy(wanted, copied));
  }

  /** Leases at work that could be copied, those with most time left first; as of a moment ago. */
  #slow(now: number): readonly SlowRun[] {
    if (now - this.#slowestAt < BEAT_MS / 8) return this.#slowest;
    this.#slowestAt = now;
    const slow: SlowRun[] = [];
    const doubtfulNodes = new Set<number>();
    for (const run of this.#lanes.runs) {
      const { lane } = run;
      const isInDoubt = isDoubtful(lane, now);
      if (isInDoubt) doubtfulNodes.add(lane.holder.node);
      if (this.#table.lease(run.lease)?.kind === "repeat") continue;
      // After a takeover: its holder may have done more than this manager has heard.
      if (lane.heardAt > now || lane.lanes > 1) continue;
      const units = sizeOf(this.#leftTo(run, now));
      if (units === 0) continue;
      slow.push({ run, ms: isInDoubt ? NEVER : leftMs(run, units, now) });
    }
    this.#doubtfulNodes = doubtfulNodes;
    this.#slowest = slow.sort((a, b) => b.ms - a.ms);
    return this.#slowest;
  }
}

/** Units that at least so many of the spans have. */
function coveredBy(count: number, spans: readonly Span[]): Spans {
  if (count === 1) return spansOf(spans);
  const edges = spans
    .flatMap(({ from, to }) => [
      { at: from, change: 1 },
      { at: to, change: -1 },
    ])
    .sort((a, b) => a.at - b.at || b.change - a.change);
  const covered: Span[] = [];
  let depth = 0;
  let begin = 0;
  for (const { at, change } of edges) {
    if (change > 0 && depth === count - 1) begin = at;
    if (change < 0 && depth === count && at > begin) covered.push({ from: begin, to: at });
    depth += change;
  }
  return spansOf(covered);
}

/** Milliseconds until a lease should be done. */
function leftMs({ lane, lease, expectedMs = GUESSED_MS }: Run, units: number, now: number): number {
  const byRate = lane.pace.rate === undefined ? expectedMs : units / lane.pace.rate;
  const before = lane.runs.slice(
    0,
    lane.runs.findIndex((one) => one.lease === lease),
  );
  return byRate + queueMs(before, now);
}

/** Milliseconds until these leases of one lane should be done. */
function queueMs(runs: readonly Run[], now: number): number {
  let ms = 0;
  for (const { startedAt = now, expectedMs = GUESSED_MS } of runs) {
    ms += Math.max(0, startedAt + expectedMs - now);
  }
  return ms;
}
