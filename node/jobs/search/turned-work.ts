/**
 * What this node has searched of leases of a round that turned, and the log of that round did not have by then. Those
 * that stood under a sub-manager, or stand under one now, do not get their leases again from the manager of the next
 * round, so they say to it at once what they have: then nobody searches these units again.
 */
import type { Clock } from "../../clock.ts";
import type { LeaseLinks } from "./lease-links.ts";
import type { LeaseShares } from "./lease-shares.ts";
import { type LeaseOrders, type LeaseReport, RANKS, type WireShare } from "./lease-wire.ts";
import { type Span, type Spans, without } from "./leases/span.ts";
import { TURNED_LANE } from "./leases/step.ts";
import { BEAT_MS, PATIENCE_MS } from "./leases/timing.ts";
import type { RoundPlace } from "./member-wire.ts";
import type { ParentLine } from "./parent-line.ts";

export interface TurnedWorkOptions extends RoundPlace {
  /** This node. */
  readonly node: number;
  /** What it searched and may not claim in the round before. */
  readonly spans: Spans;
  readonly signal: AbortSignal;
}

export interface TurnedWorkModules {
  readonly links: Pick<LeaseLinks, "send">;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  readonly line: Pick<ParentLine, "manager" | "seekManager">;
  /** Of the round before. */
  readonly shares: Pick<LeaseShares, "about">;
  /** The log of this round gives units to this node. */
  claim(span: Span): void;
}

/** Pieces of one message, at most. */
const MOST_PIECES = 128;
/** The manager of the next round may begin a moment later than this node. */
const RETRY_MS = 200;
/** A takeover may come first. */
const LONGEST_MS = PATIENCE_MS;

export class TurnedWork {
  readonly #options: TurnedWorkOptions;
  readonly #modules: TurnedWorkModules;
  #left: Spans;

  constructor(options: TurnedWorkOptions, modules: TurnedWorkModules) {
    this.#options = options;
    this.#modules = modules;
    this.#left = options.spans;
  }

  /** Resolves when all is answered for, or would be searched again by others by now. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    const { links, clock, line } = this.#modules;
    const until = clock.monotonic() + LONGEST_MS;
    while (this.#left.length > 0 && clock.monotonic() < until && !signal.aborted) {
      const report = { kind: "report", value: this.#report() } as const;
      const answer = await links.send(line.manager, report).then(
        (reply) => reply.answer,
        () => undefined,
      );
      if (answer !== "taken") line.seekManager();
      await clock.sleep(answer === "taken" ? BEAT_MS : RETRY_MS, signal).catch(() => {});
    }
  }

  /** @param orders of the manager */
  take({ spans }: LeaseOrders): void {
    for (const { lane, node, isStale, from, to } of spans) {
      if (lane !== TURNED_LANE || node !== this.#options.node || from >= to) continue;
      const span = { from: Number(from), to: Number(to) };
      const after = without(this.#left, [span]);
      const answered = without(this.#left, after);
      this.#left = after;
      if (isStale === 0) for (const own of answered) this.#modules.claim(own);
    }
  }

  #report(): LeaseReport {
    const { job, round, node } = this.#options;
    const shares = this.#modules.shares.about(this.#left);
    const pieces = this.#left.flatMap((span) => cut(span, shares)).slice(0, MOST_PIECES);
    const deliveries = pieces.map(({ from, to }) => {
      const own = { lane: TURNED_LANE, lease: 0, node, searcher: 0 };
      return { ...own, from: BigInt(from), to: BigInt(to) };
    });
    const none = { asks: [], beats: [], orphans: [] };
    const rank = RANKS.indexOf("manager");
    return { job, round, rank, rttMs: 0, ...none, deliveries, shares };
  }
}

/** In pieces that each share has whole or not at all. */
function cut({ from, to }: Span, shares: readonly WireShare[]): Span[] {
  const inside = shares
    .flatMap((share) => [Number(share.from), Number(share.to)])
    .filter((edge) => from < edge && edge < to);
  const edges = [...new Set([from, ...inside, to])].sort((a, b) => a - b);
  return edges.slice(1).map((end, i) => ({ from: edges[i] ?? from, to: end }));
}
