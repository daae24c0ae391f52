/** What a desk knows of the lanes that ask it, beside the log: when it heard them, how fast they are, what they run. */

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
  /** Of a copy: the lease that holds its units. */
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

/** Of a sub-manager that has not asked since this manager took over. */
const LEAST_LANES = 2;
/** Lanes of a node have numbers of 16 bits. */
const LANES_A_NODE = 2 ** 16;
/** Before a lane's first lease is done. */
export const GUESSED_MS = 10_000;
/** A lane that was silent for so long does not count when work is divided. */
const SILENT_MS = 3 * BEAT_MS;
const NONE: ReadonlySet<Run> = new Set();

export class DeskLanes {
  readonly #lanes = new Map<number, LaneRow>();
  readonly #runs = new Map<number, Run>();
  /** Those that are copies, by the lease that holds their units. */
  readonly #copies = new Map<number, Set<Run>>();
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
    if (run.copies === undefined) return;
    const others = this.#copies.get(run.copies);
    if (others === undefined) this.#copies.set(run.copies, new Set([run]));
    else others.add(run);
  }

  /** Copies at work of a lease's units. */
  copiesOf(lease: number): ReadonlySet<Run> {
    return this.#copies.get(lease) ?? NONE;
  }

  /** A lease is over. @param units verified ones, 0 when it says nothing about the lane's speed */
  end(lease: number, units: number, now: number): void {
    const run = this.#runs.get(lease);
    if (run === undefined) return;
    const { lane, startedAt, expectedMs, isFull, waitedMs, aimMs, size } = run;
    this.#runs.delete(lease);
    if (run.copies !== undefined) {
      const copies = this.#copies.get(run.copies);
      copies?.delete(run);
      if (copies?.size === 0) this.#copies.delete(run.copies);
    }
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

/**
 * Whether a lane may be gone: it has missed beats, or it has taken half as long again for a lease as it should. Near the
 * end, where leases are short, the latter shows first.
 */
export function isDoubtful(lane: LaneRow, now: number): boolean {
  return isSilent(lane, now) || lane.runs.some((run) => isOverdue(run, now));
}

function isOverdue({ lane, startedAt, expectedMs = GUESSED_MS }: Run, now: number): boolean {
  return startedAt !== undefined && now - startedAt > LATE_FACTOR * expectedMs + lane.rttMs;
}
