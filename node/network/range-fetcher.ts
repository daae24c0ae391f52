/**
 * Carries out a RangePlan: sends its requests, checks the answers, and returns the ranges in order of height. A peer
 * that is proven to lie is reported, and its other blocks are dropped. A peer that is slow, empty or unreachable is
 * replaced by another, without a loss of score.
 */
import { PomlError } from "../../chain/errors.ts";
import { requestBlocks } from "../../p2p/protocols/blocks.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Claim } from "./range-peers.ts";
import { type PlanOptions, RangePlan, type RangeRequest, type ReadyRange } from "./range-plan.ts";
import { type ReceivedBlock, receiveBlock } from "./received-block.ts";

export interface FetcherOptions extends PlanOptions {
  /** Last height wanted; default: the highest that any peer claims. */
  readonly to?: number;
  /** Without any range for so long, fetching ends. */
  readonly stallMs?: number;
}

export interface FetcherModules {
  readonly host: StreamHost;
  readonly log: NodeLog;
}

export type BlockRange = ReadyRange<ReceivedBlock>;

const STALL_MS = 30_000;
const RANGE_BYTES = 2 * 1024 * 1024;

export class RangeFetcher {
  readonly #modules: FetcherModules;
  readonly #plan: RangePlan<ReceivedBlock>;
  readonly #to: number;
  readonly #stallMs: number;
  readonly #rangeBytes: number;
  readonly #running = new Map<number, { peer: string; control: AbortController }>();
  #wake = (): void => {};

  constructor(options: FetcherOptions, modules: FetcherModules) {
    this.#modules = modules;
    this.#rangeBytes = options.rangeBytes ?? RANGE_BYTES;
    this.#plan = new RangePlan({ ...options, rangeBytes: this.#rangeBytes });
    this.#to = options.to ?? Number.MAX_SAFE_INTEGER;
    this.#stallMs = options.stallMs ?? STALL_MS;
  }

  /** Takes the range that a peer says it serves; may be called at any time. */
  offer(peer: string, { lowest, height }: Claim): void {
    this.#plan.offer(peer, { lowest, height: Math.min(height, this.#to) });
    this.#wake();
  }

  remove(peer: string): void {
    this.#plan.remove(peer);
    this.#wake();
  }

  /** The highest height that some peer credibly claims. */
  get target(): number {
    return this.#plan.target;
  }

  /** Ranges in order, until no peer has more, nothing arrives for long, or the signal fires. */
  async *ranges(signal: AbortSignal): AsyncGenerator<BlockRange, void, undefined> {
    let progressAt = this.#now();
    try {
      while (!signal.aborted) {
        this.#send();
        const range = this.#plan.take();
        if (range !== undefined) {
          yield range;
          progressAt = this.#now();
          continue;
        }
        const patience = progressAt + this.#stallMs - this.#now();
        if (this.#plan.isOver || patience <= 0) return;
        await this.#somethingNew(patience, signal);
      }
    } finally {
      for (const { control } of this.#running.values()) control.abort();
    }
  }

  /** Asks for the rest of a returned range again, from any peer. */
  putBack(range: BlockRange): void {
    if (range.blocks.length > 0) this.#plan.putBack(range);
  }

  /** A lie was proven in a returned range; `from` is its first block that is still wanted. */
  blame(range: BlockRange, from: number, error: unknown): void {
    this.#exclude(range.peer, error);
    this.putBack({ ...range, from, blocks: range.blocks.slice(from - range.from) });
  }

  #exclude(peer: string, error: unknown): void {
    const { host, log } = this.#modules;
    log.warn("a peer's blocks are false", { peer, reason: String(error) });
    this.#plan.exclude(peer);
    for (const { peer: asked, control } of this.#running.values()) {
      if (asked === peer) control.abort();
    }
    host.report(peer, error);
  }

  #send(): void {
    const now = this.#now();
    for (const { id } of this.#plan.overdue(now)) this.#running.get(id)?.control.abort();
    for (const request of this.#plan.requests(now)) {
      const control = new AbortController();
      this.#running.set(request.id, { peer: request.peer, control });
      void this.#ask(request, control.signal).finally(() => {
        this.#running.delete(request.id);
        this.#wake();
      });
    }
  }

  /** Never rejects: the result of the request is reported to the plan. */
  async #ask({ id, peer, from, count }: RangeRequest, signal: AbortSignal): Promise<void> {
    const { host, log } = this.#modules;
    const blocks: ReceivedBlock[] = [];
    let total = 0;
    let failure: unknown;
    try {
      for await (const bytes of requestBlocks(host, peer, { from, count }, { signal })) {
        blocks.push(receiveBlock(bytes, from + blocks.length, blocks.at(-1)));
        total += bytes.length;
        if (total >= this.#rangeBytes) break;
      }
    } catch (error) {
      failure = error;
    }
    const now = this.#now();
    const code = failure instanceof PomlError ? failure.code : undefined;
    if (code === "BAD_BLOCKS") this.#exclude(peer, failure);
    else if (failure !== undefined) {
      log.debug("a request for blocks failed", { peer, from, count, reason: String(failure) });
    }
    if (failure === undefined || blocks.length > 0) this.#plan.answered(id, blocks, total, now);
    else if (code === "NOT_FOUND") this.#plan.notKept(id);
    else if (code === "RATE_LIMITED" || code === "BUSY") this.#plan.busy(id, now);
    else this.#plan.failed(id, now);
  }

  async #somethingNew(patienceMs: number, signal: AbortSignal): Promise<void> {
    const waitMs = Math.min(patienceMs, this.#plan.waitMs(this.#now()) ?? patienceMs);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(1, waitMs));
      this.#wake = done;
      signal.addEventListener("abort", done, { once: true });
    });
    this.#wake = () => {};
  }

  #now(): number {
    return this.#modules.host.now();
  }
}
