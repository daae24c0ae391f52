/**
 * What nodes say at the begin of a round that they have searched of leases of the round before: events of the manager's
 * desk. The log of this round has those leases with new numbers, so a node names units alone. What a lease's holder
 * says counts; whoever stood below it in the tree of that round shows the signed shares of it.
 */
import { spanOf } from "./child-reports.ts";
import type { LeaseReport, WireShare } from "./lease-wire.ts";
import type { DeliverEvent } from "./leases/desk-messages.ts";
import type { CarriedLease, LeaseTable } from "./leases/lease-table.ts";
import type { Span } from "./leases/span.ts";
import { MAX_LANES, SUB_LANE, TURNED_LANE } from "./leases/step.ts";
import type { RoundTree } from "./round-tree.ts";

/** The tree is that of the round before. */
export interface TurnedFacts extends Pick<RoundTree, "shares"> {
  readonly now: number;
  readonly table: Pick<LeaseTable, "carried">;
}

/** @param from the node that sent it, a participant */
export function turnedEvents(
  report: LeaseReport,
  from: number,
  { shares, table, now }: TurnedFacts,
): DeliverEvent[] {
  const deliveries = report.deliveries.filter(
    ({ lane, node, searcher }) => lane === TURNED_LANE && node === from && searcher < MAX_LANES,
  );
  if (deliveries.length === 0) return [];
  const { carried } = table;
  let right: readonly WireShare[] | undefined;
  const isGiven = ({ node: holder, lane, was }: CarriedLease, span: Span): boolean => {
    if (holder === from) return true;
    if (lane !== SUB_LANE) return false;
    // Worked out for those that need them alone.
    right ??= shares.right(report.shares, from, now);
    return shares.isGiven(right, { holder, lease: was, taker: from, ...span });
  };
  return deliveries.flatMap(({ searcher, ...wire }) => {
    const units = spanOf(wire);
    if (units === undefined) return [];
    return carried.flatMap((lease): DeliverEvent[] => {
      const { granted } = lease;
      if (granted.from >= units.to || granted.to <= units.from) return [];
      const span = {
        from: Math.max(granted.from, units.from),
        to: Math.min(granted.to, units.to),
      };
      if (!isGiven(lease, span)) return [];
      const by = { node: from, lane: TURNED_LANE };
      const own = { node: from, lane: searcher };
      return [{ kind: "deliver", now, by, searcher: own, lease: lease.lease, ...span }];
    });
  });
}
