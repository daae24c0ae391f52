/**
 * The way from a participant to whoever it has its leases from: the sub-manager above it, or whoever manages the round
 * now. Wishes of its lanes go together. When a sub-manager is given up, the one above it is next; when the manager does
 * not answer, the team is asked who is.
 */
import { leaseManagerOf } from "../../../chain/workload/search/lease-log.ts";
import type { Clock } from "../../clock.ts";
import type { LaneWish } from "./lane-runner.ts";
import type { LeaseLinks } from "./lease-links.ts";
import type { LeaseShares } from "./lease-shares.ts";
import { type LeaseOrders, type LeaseReport, MAX_HELD, RANKS, type Rank } from "./lease-wire.ts";
import type { Span } from "./leases/span.ts";
import { MAX_LANES } from "./leases/step.ts";
import type { SubEffect } from "./leases/sub-messages.ts";
import { Mailbox } from "./mailbox.ts";
import type { RoundPlace } from "./member-wire.ts";

export interface ParentLineOptions extends RoundPlace {
  readonly team: readonly number[];
  /** This node. */
  readonly node: number;
  /** Sub-managers, the first that is asked first. */
  readonly above: readonly number[];
  readonly signal: AbortSignal;
}

/** Of a lane, or of a sub-manager for those below it. */
export type Wish = LaneWish | Extract<SubEffect, { kind: "ask" | "beat" | "deliver" | "orphan" }>;

export interface ParentLineModules {
  readonly links: Pick<LeaseLinks, "send">;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  readonly shares: Pick<LeaseShares, "about">;
  /** These lanes were answered. */
  onHeard(lanes: ReadonlySet<number>): void;
  /** Another gives leases from now on; `isAbove`: the one above the sub-manager that did so far. */
  onParent(isAbove: boolean): void;
}

interface Item {
  readonly lane: number;
  readonly wish: Wish;
  /** Sub-managers that were given up by then: numbers of leases are those of the one that was asked. */
  readonly level: number;
}

const GAP_MS = 30;
const MOST_RTT_MS = 60_000;

export class ParentLine {
  readonly #options: ParentLineOptions;
  readonly #modules: ParentLineModules;
  readonly #mailbox: Mailbox<Item>;
  #level = 0;
  #view = 0;
  #rttMs = 0;
  #isSeeking = false;
  #silentSince: number | undefined;

  constructor(options: ParentLineOptions, modules: ParentLineModules) {
    this.#options = options;
    this.#modules = modules;
    this.#mailbox = new Mailbox<Item>(
      (wishes) => this.#send(wishes),
      { limit: MAX_LANES, gapMs: GAP_MS, signal: options.signal },
      modules.clock,
    );
  }

  /** Of the manager that is believed in. */
  get view(): number {
    return this.#view;
  }

  /** How many sub-managers were given up. */
  get level(): number {
    return this.#level;
  }

  /** Whoever gives leases. */
  get parent(): { readonly node: number; readonly rank: Rank } {
    const node = this.#options.above[this.#level];
    if (node === undefined) return { node: this.manager, rank: "manager" };
    return { node, rank: "sub-manager" };
  }

  /**
   * Who speaks in orders: the parent, whose word counts, or the manager of the round to those under a sub-manager;
   * undefined for anybody else.
   */
  speakerOf({ rank, view }: LeaseOrders, from: number): "parent" | "manager" | undefined {
    const { parent } = this;
    if (RANKS[rank] === "sub-manager") {
      return parent.rank === "sub-manager" && parent.node === from ? "parent" : undefined;
    }
    // Another may have taken over; its word alone is not enough.
    if (view !== this.#view) this.seekManager();
    if (view !== this.#view || from !== this.manager) return undefined;
    return parent.rank === "manager" ? "parent" : "manager";
  }

  get manager(): number {
    const { team, round } = this.#options;
    return leaseManagerOf(team, round, this.#view);
  }

  /** For how long nobody that was asked has answered as manager. */
  get silentMs(): number {
    const { clock } = this.#modules;
    return this.#silentSince === undefined ? 0 : clock.monotonic() - this.#silentSince;
  }

  put(lane: number, wish: Wish): void {
    this.#mailbox.put({ lane, wish, level: this.#level });
  }

  /** The parent is as good as gone. */
  seek(): void {
    if (this.parent.rank === "manager") {
      this.seekManager();
      return;
    }
    this.#level++;
    this.#silentSince = undefined;
    this.#modules.onParent(true);
  }

  /** Asks all members who manages; what most of them say is believed. */
  seekManager(): void {
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    this.#ask()
      .catch(() => {})
      .finally(() => {
        this.#isSeeking = false;
      });
  }

  /** Once more than half of them say the same, those that are dead or slow are not waited for. */
  async #ask(): Promise<void> {
    const { team, job, round } = this.#options;
    const counts = new Map<number, number>();
    const most = (): [view: number, times: number] | undefined =>
      [...counts].sort(([a, timesA], [b, timesB]) => timesB - timesA || b - a)[0];
    await new Promise<void>((resolve) => {
      const asked = team.map(async (node) => {
        const who = { kind: "who", value: { job, round } } as const;
        const { view } = await this.#modules.links.send(node, who);
        if (view === undefined) return;
        const times = (counts.get(view) ?? 0) + 1;
        counts.set(view, times);
        if (2 * times > team.length) resolve();
      });
      Promise.allSettled(asked).then(() => resolve(), resolve);
    });
    const found = most();
    if (found !== undefined) this.#turnTo(found[0]);
  }

  #turnTo(view: number): void {
    if (view === this.#view) return;
    this.#view = view;
    if (this.parent.rank === "manager") this.#modules.onParent(false);
  }

  /** @throws P2pError; Error where the node asked gives no leases */
  async #send(items: readonly Item[]): Promise<void> {
    const { clock, links, onHeard } = this.#modules;
    const wishes = items.filter(({ level }) => level === this.#level);
    if (wishes.length === 0) return;
    const { level, parent } = this;
    const begin = clock.monotonic();
    this.#silentSince ??= begin;
    const value = this.#report(wishes, parent.rank);
    const reply = await links.send(parent.node, { kind: "report", value });
    this.#rttMs = Math.min(MOST_RTT_MS, Math.ceil(clock.monotonic() - begin));
    if (level !== this.#level) return;
    if (reply.answer === "taken") {
      this.#silentSince = undefined;
      onHeard(new Set(wishes.map(({ lane }) => lane)));
      return;
    }
    const isOther = reply.view !== undefined && reply.view !== this.#view;
    if (parent.rank === "manager" && isOther) this.seekManager();
    else throw new Error("it gives no leases, and does not say who does");
  }

  #report(items: readonly Item[], rank: Rank): LeaseReport {
    const { job, round, node } = this.#options;
    const asks: LeaseReport["asks"] = [];
    const beats: LeaseReport["beats"] = [];
    const deliveries: LeaseReport["deliveries"] = [];
    const orphans: LeaseReport["orphans"] = [];
    const proved: Span[] = [];
    for (const { lane, wish } of items) {
      switch (wish.kind) {
        case "ask": {
          const lanes = "lanes" in wish ? Math.min(wish.lanes, 0xffff) : 1;
          const { request, holds } = wish;
          asks.push({ lane, request, holds: holds.slice(0, MAX_HELD), lanes });
          break;
        }
        case "beat":
          beats.push({ lane, lease: wish.lease, at: BigInt(wish.at) });
          break;
        case "deliver": {
          const { lease, from, to } = wish;
          const searcher = "searcher" in wish ? wish.searcher : { node, lane };
          const span = { from: BigInt(from), to: BigInt(to) };
          deliveries.push({ lane, lease, node: searcher.node, searcher: searcher.lane, ...span });
          proved.push(wish);
          break;
        }
        case "orphan": {
          const { request, holds, lease, from, to } = wish;
          const span = { from: BigInt(from), to: BigInt(to) };
          orphans.push({ lane, request, holds: holds.slice(0, MAX_HELD), lease, ...span });
          proved.push(wish);
          break;
        }
        default:
          wish satisfies never;
      }
    }
    const shares = proved.length === 0 ? [] : this.#modules.shares.about(proved);
    const reports = { asks, beats, deliveries, orphans, shares };
    return { job, round, rank: RANKS.indexOf(rank), rttMs: this.#rttMs, ...reports };
  }
}
