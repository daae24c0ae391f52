/**
 * How large a lane's next lease is. Leases last many times what it costs to ask for one, but no longer: what a dead
 * lane loses is its lease, and all must stop together. A lane's speed is measured by its leases alone, so the first is
 * small, and sizes change with damping: a lane that is slow for once is not punished for it.
 */

/** A lease lasts so many times what asking for one costs ... */
const ASKS_A_LEASE = 20;
/** ... within these bounds. Where answers are fast, shorter ones would gain nothing and fill the log. */
const LEAST_MS = 10_000;
export const MOST_MS = 60_000;
/** Units of the smallest lease, and of the first. */
export const LEAST_UNITS = 1;
export const FIRST_UNITS = 4 * LEAST_UNITS;
const MOST_GROWTH = 1.5;
/** A lease shorter than this says little of a lane's speed: until leases are as long, they grow faster. */
export const MEASURED_MS = 1_000;
const MEASURING_GROWTH = 8;
const MOST_SHRINKAGE = 0.5;
/** A lease that took so many times what it should have was slow; so many in a row make the next smaller. */
const SLOW_FACTOR = 1.2;
const SLOW_IN_A_ROW = 2;
/** Weight of the newest lease in the mean speed, which so is that of the last five or so. */
const NEWEST = 1 / 3;
/** In how many leases overhead is looked at, and how much of them it may be. */
export const LOOKED_AT = 5;
const MOST_OVERHEAD = 0.5;

interface Spent {
  readonly waitedMs: number;
  readonly searchedMs: number;
}

export interface Pace {
  /** Mean of verified units a millisecond; undefined before the first lease. */
  readonly rate: number | undefined;
  /** Units of the last lease. */
  readonly size: number;
  /** Slow leases in a row. */
  readonly slow: number;
  /** Of the last leases that had the size they should have. */
  readonly spent: readonly Spent[];
}

export const NEW_PACE: Pace = { rate: undefined, size: 0, slow: 0, spent: [] };

export interface AskCost {
  readonly rttMs: number;
  /** From the ask at the manager to the answer: replication and all else that is not the way. */
  readonly scheduleMs: number;
}

/** What leases of this lane should last, in milliseconds. A lane that is far away gets longer ones. */
export function aimMs({ rttMs, scheduleMs }: AskCost, pace: Pace = NEW_PACE): number {
  const aim = ASKS_A_LEASE * (rttMs + scheduleMs);
  const within = Math.min(MOST_MS, Math.max(LEAST_MS, aim));
  return overheadOf(pace) > MOST_OVERHEAD ? MOST_MS : within;
}

/** Units of the next lease while there is plenty; a whole number from LEAST_UNITS on. */
export function nextSize(pace: Pace, aim: number, first = FIRST_UNITS): number {
  const { rate, size, slow } = pace;
  if (rate === undefined) return first;
  const wanted = rate * aim;
  const measuring = Math.min(size * MEASURING_GROWTH, rate * MEASURED_MS);
  const grown = Math.min(wanted, Math.max(size * MOST_GROWTH, size + 1, measuring));
  const next =
    slow >= SLOW_IN_A_ROW ? Math.max(grown, size * MOST_SHRINKAGE) : Math.max(grown, size);
  return Math.max(LEAST_UNITS, Math.floor(next));
}

export interface FinishedLease {
  /** Verified. */
  readonly units: number;
  /** As it was granted: a lease of the tail is smaller than the lane could do, and says nothing of its size. */
  readonly isFull: boolean;
  readonly searchedMs: number;
  /** What it should have taken; undefined for a lane's first. */
  readonly expectedMs: number | undefined;
  /** Between the lease before and this one. */
  readonly waitedMs: number;
  readonly aimMs: number;
}

export function afterLease(pace: Pace, lease: FinishedLease): Pace {
  const { units, searchedMs, expectedMs, waitedMs } = lease;
  if (units <= 0) return pace;
  const measured = units / Math.max(1, searchedMs);
  const rate = pace.rate === undefined ? measured : pace.rate + NEWEST * (measured - pace.rate);
  const isSlow = expectedMs !== undefined && searchedMs > SLOW_FACTOR * expectedMs;
  const isGrown = lease.isFull && units * MOST_GROWTH >= rate * lease.aimMs;
  const spent = isGrown ? [...pace.spent, { waitedMs, searchedMs }].slice(-LOOKED_AT) : pace.spent;
  const slow = isSlow ? pace.slow + 1 : 0;
  return { rate, size: lease.isFull ? units : Math.max(pace.size, units), slow, spent };
}

/** Share of the time of its last five leases that a lane did not search; 0 before there are five. */
export function overheadOf({ spent }: Pace): number {
  if (spent.length < LOOKED_AT) return 0;
  const { waitedMs, searchedMs } = totalOf(spent);
  return waitedMs / Math.max(1, waitedMs + searchedMs);
}

export interface TooFar {
  /** 0 to 1. */
  readonly overhead: number;
  readonly leaseMs: number;
}

/**
 * The figures of a lane that spends more than half of its time on asking and waiting, although its leases are as long
 * as leases get; undefined for any other.
 */
export function tooFar(pace: Pace): TooFar | undefined {
  const overhead = overheadOf(pace);
  if (overhead <= MOST_OVERHEAD) return undefined;
  const last = pace.spent.at(-1);
  const isLongest = last !== undefined && last.searchedMs * MOST_GROWTH >= MOST_MS;
  const leaseMs = totalOf(pace.spent).searchedMs / pace.spent.length;
  return isLongest ? { overhead, leaseMs } : undefined;
}

function totalOf(spent: readonly Spent[]): Spent {
  return spent.reduce(
    (sum, { waitedMs, searchedMs }) => ({
      waitedMs: sum.waitedMs + waitedMs,
      searchedMs: sum.searchedMs + searchedMs,
    }),
    { waitedMs: 0, searchedMs: 0 },
  );
}

/**
 * Units of the next lease near the end of the range: half of what is a lane's share of the free units by its speed, so
 * that all are done at about the same time; never less than what pays for the asking.
 * @param free units that nobody holds
 * @param totalRate units a millisecond of all lanes
 */
export function tailSize(size: number, free: number, lane: Lane): number {
  const share = (free * lane.rate) / (2 * Math.max(lane.rate, lane.totalRate));
  const least = Math.max(LEAST_UNITS, lane.rate * Math.max(lane.askMs, MEASURED_MS));
  return Math.max(LEAST_UNITS, Math.floor(Math.min(size, Math.max(share, least))));
}

interface Lane {
  readonly rate: number;
  readonly totalRate: number;
  readonly askMs: number;
}
