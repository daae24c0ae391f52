/** What managers tell this node's lanes: leases, waits, what is acknowledged, and that the round has ended. */
import type { UnitRange } from "../../../chain/types/search.ts";
import { isWithin } from "../../../chain/workload/search/coverage.ts";
import type { Clock } from "../../clock.ts";
import type { LaneRunner } from "./lane-runner.ts";
import type { LeaseShares } from "./lease-shares.ts";
import { type LeaseOrders, RANKS, ROUND_ENDS, WAIT_CODES } from "./lease-wire.ts";
import type { Ancestry } from "./leases/ancestry.ts";
import type { Span } from "./leases/span.ts";
import type { ParentLine } from "./parent-line.ts";
import type { JobTroubles } from "./search-troubles.ts";

export interface LaneOrdersModules {
  readonly lanes: readonly Pick<LaneRunner, "take">[];
  readonly line: Pick<ParentLine, "speakerOf" | "parent">;
  readonly shares: LeaseShares;
  readonly clock: Pick<Clock, "monotonic">;
  readonly troubles: Pick<JobTroubles, "waits" | "leased">;
  /** Units that the round has. */
  open(): readonly UnitRange[];
  /** The round takes no more work. @param isTurned the next round goes on from it */
  onClosed(isTurned: boolean): void;
  /** The manager speaks, not a sub-manager: it alone knows of the round before. */
  onManager(orders: LeaseOrders): void;
}

export class LaneOrders {
  readonly #node: number;
  readonly #modules: LaneOrdersModules;

  /** @param node index of this node */
  constructor(node: number, modules: LaneOrdersModules) {
    this.#node = node;
    this.#modules = modules;
  }

  take(orders: LeaseOrders, from: number): void {
    const { lanes, line, troubles, open, onClosed, onManager } = this.#modules;
    const speaker = line.speakerOf(orders, from);
    if (speaker === undefined) return;
    // First, since the ends of leases below follow from it. A node that came after the close hears of it by its ask.
    const isClosed = orders.waits.some(({ code }) => WAIT_CODES[code] === "CLOSED");
    const end = ROUND_ENDS[orders.isClosed];
    if (isClosed || end !== "open") onClosed(end === "turned");
    if (RANKS[orders.rank] === "manager") onManager(orders);
    if (speaker !== "parent") return;
    for (const { lane, request, lease, ...span } of orders.leases) {
      // Units that the round does not have are no lease. The lane asks again.
      if (span.from >= span.to || !isWithin([span], open())) continue;
      const units = unitsOf(span);
      const parents = this.#parentsOf(units, orders, from);
      if (parents === undefined) continue;
      lanes[lane]?.take({ kind: "lease", request, lease, parents, ...units });
      troubles.leased(lane);
    }
    for (const wait of orders.waits) {
      const { lane, request, ms } = wait;
      lanes[lane]?.take({ kind: "wait", request, ms });
      troubles.waits(wait);
    }
    for (const { lane, lease, isStale, ...span } of orders.spans) {
      const kind = isStale === 1 ? "stale" : "ack";
      lanes[lane]?.take({ kind, lease, ...unitsOf(span) });
    }
    for (const { lane, lease, to } of orders.ends) {
      lanes[lane]?.take({ kind: "end", lease, to: Number(to) });
    }
  }

  /** By which leases managers above know units; undefined where a sub-manager did not sign that it gave them. */
  #parentsOf(units: Span, orders: LeaseOrders, giver: number): Ancestry | undefined {
    const { line, shares, clock } = this.#modules;
    if (line.parent.rank === "manager") return [];
    const right = shares.right(orders.shares, giver, clock.monotonic());
    if (giver === this.#node) {
      // Of this node's own sub-manager: for when the round turns.
      shares.keep(right);
      return [];
    }
    const place = { taker: this.#node, giver, ...units };
    if (!shares.cover(right, place)) return undefined;
    shares.keep(right);
    return shares.ancestryOf(right, place);
  }
}

function unitsOf({ from, to }: { readonly from: bigint; readonly to: bigint }): Span {
  return { from: Number(from), to: Number(to) };
}
