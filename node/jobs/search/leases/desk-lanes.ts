/** What a desk knows of the lanes that ask it, beside the log: when it heard them, how fast they are, what they run. */

import type { Lease, LeaseTable } from "./lease-table.ts";
import { afterLease, aimMs, NEW_PACE, type Pace } from "./pace.ts";
import { type GrantStep, type Holder, SUB_LANE } from "./step.ts";
import {
  BEAT_MS,
  DEADLINE_FACTOR,
  HOLDER_MISSES,
  LATE_FACTOR,
  LEAST_DEADLINE_MS,
  SUB_MISSES,
} from "./timing.ts";

/** A lease at work. */
export interface Run {
  readonly lease: number;
  readonly lane: LaneRow;
  /** Units at its begin. */
  readonly size: number;
  /** As large as the lane's pace allows; false for what was left over, and near the end of the range. */
  readonly isFull: boolean;
  readonly aimMs: number;
  readonly expectedMs: number | undefined;
  /** The lane's own word, which may be ahead of the log. */
  at: number;
  /** When its holder began; undefined while it searches another lease first. */
  startedAt: number | undefined;
  /** Granted by the manager before, so how long it took says nothing here. */
  isResumed: boolean;
  /** Between the lease before and this one. */
  waitedMs: number;
  /** The lease that this one copies. */
  readonly copies?: number | undefined;
}

export type RunFacts = Pick<Run, "isFull" | "aimMs" | "copies">;

export interface LaneRow {
  readonly holder: Holder;
  pace: Pace;
  rttMs: number;
  /** Lanes under it, when it is a sub-manager. */
  lanes: number;
  heardAt: number;
  /** The last ask. */
  request: number;
  isWaiting: boolean;
  /** When its last lease ended; undefined before the first one does. */
  endedAt: number | undefined;
  /** Of a sub-manager: units that it delivered since its speed was last measured. */
  delivered: number;
  countedAt: number;
  /** Leases in a row that it lost without having searched anything, and until when it gets no other. */
  fruitless: number;
  restsUntil: number;
  readonly runs: Run[];
}

export function newRun(lane: LaneRow, { lease, from, to }: GrantStep, facts: RunFacts): Run {
  const size = to - from;
  const { rate } = lane.pace;
  return {
    lease,
    lane,
    size,
    isFull: facts.isFull,
    aimMs: facts.aimMs,
    expectedMs: rate === undefined ? undefined : size / rate,
    at: from,
    startedAt: undefined,
    isResumed: false,
    waitedMs: 0,
    copies: facts.copies,
  };
}

export interface SlowRun {
  readonly run: Run;
  /** Until it should be done. */
  readonly ms: number;
  /** Its holder may be gone. */
  readonly isDoubtful: boolean;
}

/** Of a sub-manager that has not asked since this manager took over. */
const LEAST_LANES = 2;
/** Lanes of a node have numbers of 16 bits. */
const LANES_A_NODE = 2 ** 16;
/** Before a lane's first lease is done. */
const GUESSED_MS = 10_000;
/** A lane that was silent for so long does not count when work is divided. */
const SILENT_MS = 3 * BEAT_MS;

export class DeskLanes {
  readonly #lanes = new Map<number, LaneRow>();
  readonly #runs = new Map<number, Run>();
  /** By lease: the copy of it that is at work. */
  readonly #copies = new Map<number, Run>();
  #slowest: readonly SlowRun[] = [];
  #slowestAt = Number.NEGATIVE_INFINITY;
  #totalRate = 0;
  #totalAt = Number.NEGATIVE_INFINITY;

  get all(): Iterable<LaneRow> {
    return this.#lanes.values();
  }

  get runs(): Iterable<Run> {
    return this.#runs.values();
  }

  of(holder: Holder, now: number): LaneRow {
    const key = holder.node * LANES_A_NODE + holder.lane;
    let row = this.#lanes.get(key);
    if (row === undefined) {
      const { node, lane } = holder;
      row = {
        holder: { node, lane },
        pace: NEW_PACE,
        rttMs: 0,
        lanes: holder.lane === SUB_LANE ? LEAST_LANES : 1,
        heardAt: now,
        request: 0,
        isWaiting: false,
        endedAt: undefined,
        delivered: 0,
        countedAt: now,
        fruitless: 0,
        restsUntil: Number.NEGATIVE_INFINITY,
        runs: [],
      };
      this.#lanes.set(key, row);
    }
    row.heardAt = now;
    return row;
  }

  /** Nodes whose lanes are there; sub-managers are not among them. */
  nodes(now: number): Set<number> {
    const nodes = new Set<number>();
    for (const { holder, lanes, heardAt } of this.#lanes.values()) {
      if (lanes === 1 && now - heardAt <= SILENT_MS) nodes.add(holder.node);
    }
    return nodes;
  }

  run(lease: number): Run | undefined {
    return this.#runs.get(lease);
  }

  begin(run: Run): void {
    run.lane.runs.push(run);
    this.#runs.set(run.lease, run);
    if (run.copies !== undefined) this.#copies.set(run.copies, run);
  }

  copyOf(lease: number): Run | undefined {
    return this.#copies.get(lease);
  }

  /** Leases that could be copied, those with most time left first; as of a moment ago. */
  slowest(now: number, table: LeaseTable): readonly SlowRun[] {
    if (now - this.#slowestAt < BEAT_MS / 8) return this.#slowest;
    this.#slowestAt = now;
    const slow: SlowRun[] = [];
    for (const run of this.#runs.values()) {
      const lease = table.lease(run.lease);
      if (lease === undefined || lease.kind === "race" || lease.kind === "repeat") continue;
      // After a takeover: its holder may have done more than this manager has heard.
      if (run.lane.heardAt > now) continue;
      if (run.lane.lanes > 1) continue;
      const isDoubtful = isSilent(run.lane, now) || isOverdue(run, now);
      slow.push({ run, ms: leftMs(run, lease, now, isDoubtful), isDoubtful });
    }
    this.#slowest = slow.sort((a, b) => b.ms - a.ms);
    return this.#slowest;
  }

  /** A lease is over. @param units verified ones, 0 when it says nothing about the lane's speed */
  end(lease: number, units: number, now: number): void {
    const run = this.#runs.get(lease);
    if (run === undefined) return;
    const { lane, startedAt, expectedMs, isFull, waitedMs, aimMs, size } = run;
    this.#runs.delete(lease);
    if (run.copies !== undefined) this.#copies.delete(run.copies);
    lane.runs.splice(lane.runs.indexOf(run), 1);
    if (lane.lanes > 1) this.#measure(lane, isFull ? size : lane.pace.size, now);
    else if (startedAt !== undefined && !run.isResumed) {
      const searchedMs = now - startedAt;
      const measured = { units, isFull, searchedMs, expectedMs, waitedMs, aimMs };
      lane.pace = afterLease(lane.pace, measured);
    }
    lane.endedAt = now;
    const [next] = lane.runs;
    if (next !== undefined) next.startedAt ??= now;
  }

  /** Leases of a sub-manager run side by side, so its speed is that of what it delivers. */
  #measure(lane: LaneRow, size: number, now: number): void {
    const searchedMs = now - lane.countedAt;
    if (searchedMs < BEAT_MS && lane.pace.rate !== undefined) {
      lane.pace = { ...lane.pace, size };
      return;
    }
    const facts = { isFull: false, expectedMs: undefined, waitedMs: 0, aimMs: 0 };
    lane.pace = {
      ...afterLease(lane.pace, { units: lane.delivered, searchedMs, ...facts }),
      size,
    };
    lane.delivered = 0;
    lane.countedAt = now;
  }

  /** Units a millisecond of all lanes that are there. */
  totalRate(now: number): number {
    if (now - this.#totalAt < BEAT_MS / 2) return this.#totalRate;
    this.#totalAt = now;
    this.#totalRate = 0;
    for (const { pace, heardAt } of this.#lanes.values()) {
      if (now - heardAt <= SILENT_MS) this.#totalRate += pace.rate ?? 0;
    }
    return this.#totalRate;
  }
}

/** What leases of this lane should last. Those of a sub-manager feed leases of others, so they are twice as long. */
export function laneAimMs(lane: LaneRow, scheduleMs: number): number {
  const aim = aimMs({ rttMs: lane.rttMs, scheduleMs }, lane.pace);
  return lane.lanes > 1 ? 2 * aim : aim;
}

/**
 * A lease is late when its holder missed two beats and took half as long again as it should; or when it took three
 * times as long, whatever it says.
 */
export function isLate({ lane, startedAt, expectedMs = GUESSED_MS }: Run, now: number): boolean {
  if (startedAt === undefined) return false;
  const tookMs = now - startedAt;
  if (isSilent(lane, now) && tookMs > LATE_FACTOR * expectedMs) return true;
  return tookMs > Math.max(DEADLINE_FACTOR * expectedMs, LEAST_DEADLINE_MS);
}

function isSilent({ lanes, heardAt, rttMs }: LaneRow, now: number): boolean {
  const misses = lanes > 1 ? SUB_MISSES : HOLDER_MISSES;
  return now - heardAt > misses * BEAT_MS + rttMs;
}

/** A holder that is gone shows by this long before it has missed its beats: leases near the end are short. */
function isOverdue({ lane, startedAt, expectedMs = GUESSED_MS }: Run, now: number): boolean {
  return startedAt !== undefined && now - startedAt > LATE_FACTOR * expectedMs + lane.rttMs;
}

/** Milliseconds until a lease should be done; those of a holder that may be gone are reckoned by when they are late. */
function leftMs(run: Run, lease: Lease, now: number, isDoubtful: boolean): number {
  const { lane, startedAt = now, expectedMs = GUESSED_MS } = run;
  const units = lease.to - Math.max(run.at, lease.at);
  const byRate = lane.pace.rate === undefined ? expectedMs : units / lane.pace.rate;
  if (!isDoubtful) return byRate;
  return Math.max(byRate, startedAt + LATE_FACTOR * expectedMs - now) + expectedMs;
}
