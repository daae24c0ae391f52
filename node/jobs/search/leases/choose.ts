/** Which units a lane gets next: free ones, a second search of some, or a copy of what another is still searching. */
import type { Copies } from "./copies.ts";
import { type DeskLanes, type LaneRow, laneAimMs } from "./desk-lanes.ts";
import type { LeaseTable } from "./lease-table.ts";
import { FIRST_UNITS, nextSize, tailSize } from "./pace.ts";
import { type Span, type Spans, sizeOf } from "./span.ts";

export interface Choice extends Span {
  readonly kind: "grant" | "race" | "repeat";
  /** As large as the lane's pace allows. */
  readonly isFull: boolean;
  readonly aimMs: number;
  /** Of a race: the lease that holds the units. */
  readonly copies?: number;
}

export interface ChoiceFacts {
  readonly table: LeaseTable;
  readonly lanes: DeskLanes;
  readonly copies: Copies;
  /** Units to be searched a second time, of each 100 that were searched; 0 to 100. */
  readonly redundancy: number;
  /** From an ask to the answer, without the way. */
  readonly scheduleMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** A rest of a free piece that is smaller than this share of the lease joins it. */
const CRUMB = 0.2;
/** Leases looked at for a second search before giving up until the next ask. */
const TRIES = 8;

export function choose(lane: LaneRow, now: number, facts: ChoiceFacts): Choice | undefined {
  return repeatOf(lane, facts) ?? freeOf(lane, now, facts) ?? raceOf(lane, now, facts);
}

function freeOf(lane: LaneRow, now: number, facts: ChoiceFacts): Choice | undefined {
  const { table, lanes, scheduleMs } = facts;
  const aim = laneAimMs(lane, scheduleMs);
  const full = nextSize(lane.pace, aim, FIRST_UNITS * lane.lanes);
  const askMs = lane.rttMs + scheduleMs;
  const { rate } = lane.pace;
  const totalRate = lanes.totalRate(now);
  const size =
    rate === undefined ? full : tailSize(full, table.open.free, { rate, totalRate, askMs });
  let own: Span | undefined;
  for (const piece of table.open.freePieces()) {
    if (piece.lostBy !== lane.holder.node) return take(piece, size, full, aim);
    own ??= piece;
  }
  return own === undefined ? undefined : take(own, size, full, aim);
}

function take({ from, to }: Span, size: number, full: number, aimMs: number): Choice {
  const rest = to - from - size;
  const units = rest < CRUMB * size ? to - from : size;
  return { kind: "grant", from, to: from + units, isFull: units >= full, aimMs };
}

/** A second search by another node than the first, of a lease that nobody can foresee. */
function repeatOf(lane: LaneRow, facts: ChoiceFacts): Choice | undefined {
  const { table, redundancy, random, scheduleMs } = facts;
  if (redundancy === 0 || lane.lanes > 1) return undefined;
  // Its speed is better measured by a first search, as long as there are any.
  if (lane.pace.rate === undefined && table.open.free > 0) return undefined;
  const searched = table.total - table.open.size;
  // The order pays for no more.
  const most = Math.floor((searched * redundancy) / 100) - table.repeats;
  if (most <= 0) return undefined;
  const aimMs = laneAimMs(lane, scheduleMs);
  const size = Math.min(most, nextSize(lane.pace, aimMs));
  for (let i = 0; i < TRIES; i++) {
    const lease = table.leases[Math.floor(random() * table.leases.length)];
    if (lease === undefined || lease.kind !== "grant") continue;
    const span = partOf(table.repeatable(lane.holder.node, lease), size, redundancy, random);
    if (span !== undefined) return { kind: "repeat", ...span, isFull: false, aimMs };
  }
  return undefined;
}

/** Some units of a lease that nobody can foresee, unless all are to be searched twice. */
function partOf(
  spans: Spans,
  size: number,
  redundancy: number,
  random: () => number,
): Span | undefined {
  let skip = redundancy === 100 ? 0 : Math.floor(random() * sizeOf(spans));
  for (const span of spans) {
    const from = span.from + skip;
    if (from < span.to) return { from, to: Math.min(span.to, from + size) };
    skip = from - span.to;
  }
  return undefined;
}

/** What another is still searching, near the end of the range. */
function raceOf(lane: LaneRow, now: number, facts: ChoiceFacts): Choice | undefined {
  const { table, scheduleMs, copies } = facts;
  if (table.open.size === 0 || lane.lanes > 1) return undefined;
  const copy = copies.spanFor(lane, lane.rttMs + scheduleMs, now);
  if (copy === undefined) return undefined;
  return { kind: "race", ...copy, isFull: false, aimMs: laneAimMs(lane, scheduleMs) };
}
