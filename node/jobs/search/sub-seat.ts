/**
 * This node as a sub-manager of one round: it holds leases for the nodes below it in the tree, its own lanes among them,
 * and keeps nothing that must outlive it. What it gives it signs, so that a child can go on without it.
 */
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import type { Job } from "../../../chain/types/job.ts";
import { isWithin } from "../../../chain/workload/search/coverage.ts";
import { searchProgress } from "../../../chain/workload/search/search-of.ts";
import type { Clock } from "../../clock.ts";
import { childEvents } from "./child-reports.ts";
import type { LeaseLinks, LeaseReceiver } from "./lease-links.ts";
import { LeaseOrderSender, receiverOf } from "./lease-order-sender.ts";
import {
  type LeaseMessage,
  type LeaseOrders,
  type LeaseReply,
  type LeaseReport,
  MAX_SHARES,
  RANKS,
  ROUND_ENDS,
  type WireShare,
} from "./lease-wire.ts";
import { SUB_LANE } from "./leases/step.ts";
import { SubManager } from "./leases/sub-manager.ts";
import type { SubEffect, SubEvent, ToChildEffect } from "./leases/sub-messages.ts";
import type { RoundPlace } from "./member-wire.ts";
import { ParentLine } from "./parent-line.ts";
import type { RoundTree } from "./round-tree.ts";

export interface SubSeatOptions extends RoundTree {
  readonly job: Job;
  readonly round: number;
  readonly keys: KeyPair;
  /** Index of this node. */
  readonly node: number;
  readonly signal: AbortSignal;
}

export interface SubSeatModules {
  readonly links: Pick<LeaseLinks, "send">;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  /** In [0, 1). */
  random(): number;
}

const TICK_MS = 250;

export class SubSeat implements LeaseReceiver {
  readonly #options: SubSeatOptions;
  readonly #modules: SubSeatModules;
  readonly #place: RoundPlace;
  readonly #machine: SubManager;
  readonly #line: ParentLine;
  readonly #orders: LeaseOrderSender;
  #isClosed = false;

  constructor(options: SubSeatOptions, modules: SubSeatModules) {
    this.#options = options;
    this.#modules = modules;
    const { job, round, node, tree, shares, signal } = options;
    this.#place = { job: job.id, round };
    this.#machine = new SubManager(modules);
    this.#orders = new LeaseOrderSender({ ...this.#place, rank: "sub-manager", signal }, modules);
    this.#line = new ParentLine(
      { ...this.#place, team: job.team, node, above: tree.above(node), signal },
      {
        ...modules,
        shares,
        onHeard: () => this.#step({ kind: "heard", now: this.#now }),
        onParent: (isAbove) => this.#step({ kind: "manager", now: this.#now, isAbove }),
      },
    );
  }

  /** Until the signal. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      this.#step({ kind: "tick", now: this.#now });
      await this.#modules.clock.sleep(TICK_MS, signal).catch(() => {});
    }
  }

  take(message: LeaseMessage, from: number): LeaseReply | undefined {
    if (this.#options.signal.aborted) return undefined;
    switch (message.kind) {
      case "report":
        return this.#takeReport(message.value, from)
          ? { answer: "taken", view: undefined }
          : undefined;
      case "orders":
        this.#takeOrders(message.value, from);
        return { answer: "taken", view: undefined };
      default:
        return undefined;
    }
  }

  get #now(): number {
    return this.#modules.clock.monotonic();
  }

  #takeReport(report: LeaseReport, from: number): boolean {
    const { node, tree } = this.#options;
    if (RANKS[report.rank] !== "sub-manager") return false;
    if (from !== node && !tree.isBelow(from, node)) return false;
    const facts = { ...this.#options, table: this.#machine.table, now: this.#now };
    for (const event of childEvents(report, from, facts)) {
      // Its own leases from above are none of its children's.
      if (from === node && ("by" in event ? event.by : event.holder).lane === SUB_LANE) continue;
      this.#step({ kind: "child", now: this.#now, event });
    }
    return true;
  }

  #takeOrders(orders: LeaseOrders, from: number): void {
    const speaker = this.#line.speakerOf(orders, from);
    if (speaker === undefined) return;
    const now = this.#now;
    const end = ROUND_ENDS[orders.isClosed];
    if (end !== undefined && end !== "open" && !this.#isClosed) {
      this.#isClosed = true;
      // Those below may not believe in this manager yet. Before all that follows: else they would think it was no turn.
      const { node, tree } = this.#options;
      for (const child of [node, ...tree.children(node)]) this.#orders.put(child, 0, end);
      this.#step({ kind: "close", now });
    }
    if (speaker !== "parent") return;
    for (const lease of orders.leases) this.#takeLease(lease, orders, from);
    for (const { lane, request, ms } of orders.waits) {
      if (lane === SUB_LANE) this.#step({ kind: "wait", now, request, ms });
    }
    for (const { lane, isStale, node, searcher, from: first, to } of orders.spans) {
      if (lane !== SUB_LANE) continue;
      const kind = isStale === 1 ? "stale" : "ack";
      const span = { from: Number(first), to: Number(to) };
      this.#step({ kind, now, searcher: { node, lane: searcher }, ...span });
    }
    for (const { lane, lease, to } of orders.ends) {
      if (lane === SUB_LANE) this.#step({ kind: "end", now, lease, to: Number(to) });
    }
  }

  #takeLease(
    { lane, request, lease, from: first, to: end }: LeaseOrders["leases"][number],
    orders: LeaseOrders,
    from: number,
  ): void {
    const { job, node, shares } = this.#options;
    if (lane !== SUB_LANE || first >= end) return;
    if (!isWithin([{ from: first, to: end }], searchProgress(job).open)) return;
    const now = this.#now;
    const units = { from: Number(first), to: Number(end) };
    const place = { taker: node, giver: from, ...units };
    const isTop = this.#line.parent.rank === "manager";
    const right = isTop ? [] : shares.right(orders.shares, from, now);
    if (!isTop && !shares.cover(right, place)) return;
    shares.keep(right);
    const parents = isTop ? [] : shares.ancestryOf(right, place);
    this.#step({ kind: "lease", now, request, lease, parents, ...units });
  }

  #step(event: SubEvent): void {
    if (this.#options.signal.aborted) return;
    for (const effect of this.#machine.step(event)) this.#carryOut(effect);
  }

  #carryOut(effect: SubEffect): void {
    switch (effect.kind) {
      case "to-child":
        this.#tellChild(effect);
        break;
      case "seek":
        this.#line.seek();
        break;
      default:
        this.#line.put(SUB_LANE, effect);
    }
  }

  #tellChild(told: ToChildEffect): void {
    const { effect } = told;
    const { node } = receiverOf(effect);
    const shares = effect.kind === "lease" ? this.#signed(node, told) : [];
    this.#orders.put(node, 0, effect, shares);
  }

  /** What a child must show, should this node die; its own lanes die with it, and show what they had when a round turns. */
  #signed(taker: number, { effect, parts }: ToChildEffect): WireShare[] {
    const { node: giver, keys, shares } = this.#options;
    if (effect.kind !== "lease") return [];
    if (taker === giver) return shares.about([effect]);
    const own = parts.map(({ lease, level, from, to }) =>
      shares.sign(keys, { giver, taker, lease, level, from: BigInt(from), to: BigInt(to) }),
    );
    return [...own, ...shares.about([effect])].slice(0, MAX_SHARES);
  }
}
