/**
 * What those below a manager or sub-manager report, as events of its desk. Who may say what is checked here: a lane
 * speaks for itself, a sub-manager for itself and those below it, and of another's lease only by signed shares.
 */
import type { LeaseReport, WireShare } from "./lease-wire.ts";
import type { LeaseTable } from "./leases/lease-table.ts";
import type { Span } from "./leases/span.ts";
import { type Holder, MAX_LANES, SUB_LANE } from "./leases/step.ts";
import type { ChildEvent } from "./leases/sub-messages.ts";
import type { RoundTree } from "./round-tree.ts";

export interface ReportFacts extends RoundTree {
  readonly now: number;
  /** Of the desk that is reported to. */
  readonly table: Pick<LeaseTable, "lease">;
}

/** Lanes of one node that a sub-manager's first lease is sized for, at most. */
const COUNTED_LANES = 16;

/** @param from the node that sent it, a participant */
export function childEvents(
  report: LeaseReport,
  from: number,
  { tree, shares, table, now }: ReportFacts,
): ChildEvent["event"][] {
  const { rttMs, asks, beats, deliveries, orphans } = report;
  const events: ChildEvent["event"][] = [];
  const isSub = tree.isSubManager(from);
  const isLane = (lane: number): boolean => lane < MAX_LANES || (isSub && lane === SUB_LANE);
  let right: readonly WireShare[] | undefined;
  const isGiven = (lease: number, span: Span): boolean => {
    const holder = table.lease(lease);
    if (holder === undefined || holder.lane !== SUB_LANE) return false;
    // Worked out for those that need them alone.
    right ??= shares.right(report.shares, from, now);
    return shares.isGiven(right, { holder: holder.node, lease, taker: from, ...span });
  };
  for (const { lane, lease, at } of beats) {
    const unit = unitOf(at);
    if (!isLane(lane) || unit === undefined) continue;
    events.push({ kind: "beat", now, holder: { node: from, lane }, lease, at: unit });
  }
  for (const { lane, lease, node, searcher: searcherLane, ...wire } of deliveries) {
    const span = spanOf(wire);
    const by: Holder = { node: from, lane };
    const searcher = { node, lane: searcherLane };
    if (!isLane(lane) || span === undefined || searcherLane >= MAX_LANES) continue;
    const isForOthers = lane === SUB_LANE && tree.isBelow(node, from);
    if (node !== from && !isForOthers) continue;
    if (lane !== SUB_LANE && lane !== searcherLane) continue;
    const held = table.lease(lease);
    const isOwn = lane === SUB_LANE && held?.node === from && held.lane === SUB_LANE;
    if (!isOwn && !isGiven(lease, span)) continue;
    events.push({ kind: "deliver", now, by, searcher, lease, ...span });
  }
  for (const { lane, request, holds, lease, ...wire } of orphans) {
    const span = spanOf(wire);
    if (!isLane(lane) || span === undefined || !isGiven(lease, span)) continue;
    const holder = { node: from, lane };
    events.push({ kind: "orphan", now, holder, request, holds, lease, ...span });
  }
  for (const { lane, request, holds, lanes } of asks) {
    if (!isLane(lane)) continue;
    const holder = { node: from, lane };
    const most = COUNTED_LANES * (1 + tree.countBelow(from));
    const under = lane === SUB_LANE ? Math.max(2, Math.min(lanes, most)) : 1;
    events.push({ kind: "ask", now, holder, request, holds, rttMs, lanes: under });
  }
  return events;
}

export function spanOf({
  from,
  to,
}: {
  readonly from: bigint;
  readonly to: bigint;
}): Span | undefined {
  const [first, end] = [unitOf(from), unitOf(to)];
  if (first === undefined || end === undefined || first >= end) return undefined;
  return { from: first, to: end };
}

function unitOf(value: bigint): number | undefined {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
}
