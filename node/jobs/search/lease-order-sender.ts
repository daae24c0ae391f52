/** What a manager or sub-manager tells participants, those of one node together. */
import { MAX_UINT32 } from "../../../chain/uint-range.ts";
import type { Clock } from "../../clock.ts";
import type { LeaseLinks } from "./lease-links.ts";
import {
  type LeaseOrders,
  MAX_SHARES,
  RANKS,
  type Rank,
  ROUND_ENDS,
  type RoundEnd,
  WAIT_CODES,
  type WireShare,
} from "./lease-wire.ts";
import type { DeskEffect, WaitEffect } from "./leases/desk-messages.ts";
import { type Holder, MAX_LANES } from "./leases/step.ts";
import { Mailbox } from "./mailbox.ts";
import type { RoundPlace } from "./member-wire.ts";

/** To a holder of leases. */
export type HolderEffect = Extract<
  DeskEffect,
  { kind: "lease" | "ack" | "stale" | "end" | "wait" }
>;
/** `undefined`: nothing but that this node manages. */
export type Order = HolderEffect | "closed" | "turned" | undefined;

interface Item {
  readonly view: number;
  readonly order: Order;
  readonly shares: readonly WireShare[];
}

export interface LeaseOrderSenderOptions extends RoundPlace {
  /** As whom this node speaks. */
  readonly rank: Rank;
  readonly signal: AbortSignal;
}

export interface LeaseOrderSenderModules {
  readonly links: Pick<LeaseLinks, "send">;
  readonly clock: Pick<Clock, "sleep">;
}

const GAP_MS = 20;

export class LeaseOrderSender {
  readonly #options: LeaseOrderSenderOptions;
  readonly #modules: LeaseOrderSenderModules;
  readonly #mailboxes = new Map<number, Mailbox<Item>>();
  /** Said with all that follows: a message may be lost. */
  #ended: RoundEnd = "open";

  constructor(options: LeaseOrderSenderOptions, modules: LeaseOrderSenderModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** @param shares of a sub-manager's lease: what it is part of */
  put(node: number, view: number, order: Order, shares: readonly WireShare[] = []): void {
    if (order === "closed" || order === "turned") this.#ended = order;
    const mailbox = this.#mailboxes.get(node) ?? this.#open(node);
    mailbox.put({ view, order, shares });
  }

  #open(node: number): Mailbox<Item> {
    const { links, clock } = this.#modules;
    const { signal } = this.#options;
    const mailbox = new Mailbox<Item>(
      async (items) => {
        await links.send(node, { kind: "orders", value: this.#ordersOf(items) });
      },
      { limit: MAX_LANES, gapMs: GAP_MS, signal },
      clock,
    );
    this.#mailboxes.set(node, mailbox);
    return mailbox;
  }

  #ordersOf(items: readonly Item[]): LeaseOrders {
    const { job, round, rank } = this.#options;
    const view = Math.max(...items.map((item) => item.view));
    const orders: LeaseOrders = {
      job,
      round,
      rank: RANKS.indexOf(rank),
      view,
      isClosed: ROUND_ENDS.indexOf(this.#ended),
      leases: [],
      waits: [],
      spans: [],
      ends: [],
      shares: [],
    };
    for (const { view: of, order, shares } of items) {
      // What it said under an earlier view is said anew.
      if (typeof order !== "object" || of !== view) continue;
      // A lease without all of its shares is none to its holder, which asks again.
      if (orders.shares.length + shares.length > MAX_SHARES) continue;
      orders.shares.push(...shares);
      addTo(orders, order);
    }
    return orders;
  }
}

function addTo(orders: LeaseOrders, order: HolderEffect): void {
  const { lane } = receiverOf(order);
  switch (order.kind) {
    case "lease": {
      const { lease, request, expectedMs } = order;
      orders.leases.push({
        lane,
        lease,
        request,
        from: BigInt(order.from),
        to: BigInt(order.to),
        expectedMs: uint32(expectedMs),
      });
      break;
    }
    case "ack":
    case "stale": {
      const isStale = order.kind === "stale" ? 1 : 0;
      const { lease, from, to, holder } = order;
      const { node, lane: searcher } = holder;
      const span = { from: BigInt(from), to: BigInt(to) };
      orders.spans.push({ lane, lease, ...span, isStale, node, searcher });
      break;
    }
    case "end":
      orders.ends.push({ lane, lease: order.lease, to: BigInt(order.to) });
      break;
    case "wait": {
      orders.waits.push(waitOf(order));
      break;
    }
    default:
      order satisfies never;
  }
}

/** Where an answer goes: to the holder of a lease, or to whoever delivered for it. */
export function receiverOf(effect: HolderEffect): Holder {
  return effect.kind === "ack" || effect.kind === "stale" ? effect.by : effect.holder;
}

function waitOf({ holder, request, reason, ms }: WaitEffect): LeaseOrders["waits"][number] {
  const wait = {
    lane: holder.lane,
    request,
    code: WAIT_CODES.indexOf(reason.code),
    ms: uint32(ms),
    lost: 0,
    rttMs: 0,
    leaseMs: 0,
  };
  if (reason.code !== "TOO_FAR") return wait;
  const { overhead, rttMs, leaseMs } = reason;
  return {
    ...wait,
    lost: Math.round(1000 * overhead),
    rttMs: Math.min(0xffff, Math.round(rttMs)),
    leaseMs: uint32(leaseMs),
  };
}

function uint32(value: number): number {
  return Math.min(MAX_UINT32, Math.round(value));
}
