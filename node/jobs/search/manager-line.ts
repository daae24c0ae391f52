/**
 * The way from a participant to whoever manages the round now: wishes of its lanes go together, and when the manager
 * does not answer, the team is asked who is.
 */
import { leaseManagerOf } from "../../../chain/workload/search/lease-log.ts";
import type { Clock } from "../../clock.ts";
import type { LaneWish } from "./lane-runner.ts";
import type { LeaseLinks } from "./lease-links.ts";
import { type LeaseReport, MAX_HELD, MAX_LANES } from "./lease-wire.ts";
import { Mailbox } from "./mailbox.ts";
import type { RoundPlace } from "./member-wire.ts";

export interface ManagerLineOptions extends RoundPlace {
  readonly team: readonly number[];
  readonly signal: AbortSignal;
}

export interface ManagerLineModules {
  readonly links: Pick<LeaseLinks, "send">;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  /** The manager has answered these lanes. */
  onHeard(lanes: ReadonlySet<number>): void;
  /** Another manages from now on. */
  onManager(): void;
}

interface Wish {
  readonly lane: number;
  readonly wish: LaneWish;
}

const GAP_MS = 30;
const MOST_RTT_MS = 60_000;

export class ManagerLine {
  readonly #options: ManagerLineOptions;
  readonly #modules: ManagerLineModules;
  readonly #mailbox: Mailbox<Wish>;
  #view = 0;
  #rttMs = 0;
  #isSeeking = false;
  #silentSince: number | undefined;

  constructor(options: ManagerLineOptions, modules: ManagerLineModules) {
    this.#options = options;
    this.#modules = modules;
    this.#mailbox = new Mailbox<Wish>(
      (wishes) => this.#send(wishes),
      { limit: MAX_LANES, gapMs: GAP_MS, signal: options.signal },
      modules.clock,
    );
  }

  /** Of the manager that is believed in. */
  get view(): number {
    return this.#view;
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

  put(lane: number, wish: LaneWish): void {
    this.#mailbox.put({ lane, wish });
  }

  /** Asks all members who manages; what most of them say is believed. */
  seek(): void {
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    this.#ask()
      .catch(() => {})
      .finally(() => {
        this.#isSeeking = false;
      });
  }

  async #ask(): Promise<void> {
    const { team, job, round } = this.#options;
    const views = await Promise.all(
      team.map((node) =>
        this.#modules.links.send(node, { kind: "who", value: { job, round } }).then(
          ({ view }) => view,
          () => undefined,
        ),
      ),
    );
    const counts = new Map<number, number>();
    for (const view of views) {
      if (view !== undefined) counts.set(view, (counts.get(view) ?? 0) + 1);
    }
    const [most] = [...counts].sort(([a, timesA], [b, timesB]) => timesB - timesA || b - a);
    if (most !== undefined) this.#turnTo(most[0]);
  }

  #turnTo(view: number): void {
    if (view === this.#view) return;
    this.#view = view;
    this.#modules.onManager();
  }

  /** @throws P2pError; Error where the node asked does not manage */
  async #send(wishes: readonly Wish[]): Promise<void> {
    const { clock, links, onHeard } = this.#modules;
    const begin = clock.monotonic();
    this.#silentSince ??= begin;
    const reply = await links.send(this.manager, { kind: "report", value: this.#report(wishes) });
    this.#rttMs = Math.min(MOST_RTT_MS, Math.ceil(clock.monotonic() - begin));
    if (reply.answer === "taken") {
      this.#silentSince = undefined;
      onHeard(new Set(wishes.map(({ lane }) => lane)));
    } else if (reply.view !== undefined && reply.view !== this.#view) this.seek();
    else throw new Error("it does not manage, and does not say who does");
  }

  #report(wishes: readonly Wish[]): LeaseReport {
    const { job, round } = this.#options;
    const asks: LeaseReport["asks"] = [];
    const beats: LeaseReport["beats"] = [];
    for (const { lane, wish } of wishes) {
      switch (wish.kind) {
        case "ask":
          asks.push({ lane, request: wish.request, holds: wish.holds.slice(0, MAX_HELD) });
          break;
        case "beat":
          beats.push({ lane, lease: wish.lease, at: BigInt(wish.at) });
          break;
        case "deliver":
        case "orphan":
          // Only lanes under a sub-manager have these, and there is none yet.
          break;
        default:
          wish satisfies never;
      }
    }
    return { job, round, rttMs: this.#rttMs, asks, beats };
  }
}
