/**
 * Decides which peer is asked for which heights while a node catches up. Pure: the clock is an argument, the owner
 * sends the requests and reports their results. Heights are divided into ranges; several peers are asked at once; a
 * range that a peer did not deliver in time goes to another peer; ranges are returned in order of height.
 *
 * No peer is blamed here. A peer that delivers nothing rests for a while, longer each time, and the claim of a peer
 * that delivers less than it claims is lowered. Only `exclude`, for a proven lie, is permanent.
 */

import { type Claim, RangePeers } from "./range-peers.ts";

export interface PlanOptions {
  /** First height wanted. */
  readonly from: number;
  /** The largest number of blocks in a range. */
  readonly rangeBlocks?: number;
  /** The size that an answer should not exceed; together with the blocks seen so far it decides the size of a range. */
  readonly rangeBytes?: number;
  /** Limit for received and expected bytes together. */
  readonly maxBytes?: number;
  readonly requestsPerPeer?: number;
  readonly maxRequests?: number;
  /** Time between two requests to one peer; it respects the rate that peers grant (p2p/protocols/blocks.ts). */
  readonly requestGapMs?: number;
  /**
   * For one range. It must be shorter than the time limit of a protocol step, because exceeding that limit would lower
   * the peer's score.
   */
  readonly deadlineMs?: number;
  /** After this time the range for which all others wait is given to an idle peer. */
  readonly patienceMs?: number;
}

/** One request to send. */
export interface RangeRequest {
  readonly id: number;
  readonly peer: string;
  readonly from: number;
  readonly count: number;
}

/** Blocks `from`, `from + 1`, … as one peer sent them. */
export interface ReadyRange<B> {
  readonly peer: string;
  readonly from: number;
  readonly blocks: readonly B[];
  readonly bytes: number;
}

interface Waiting {
  readonly kind: "waiting";
  readonly from: number;
  readonly count: number;
  /** Peers that were asked for it without success. */
  readonly tried: ReadonlySet<string>;
}

interface Asked {
  readonly kind: "asked";
  readonly from: number;
  readonly count: number;
  readonly tried: ReadonlySet<string>;
  readonly request: RangeRequest;
  readonly askedAt: number;
  /** It was told to stop; its answer is still to come. */
  givenUp: boolean;
}

interface Ready<B> extends ReadyRange<B> {
  readonly kind: "ready";
  readonly count: number;
}

type Range<B> = Waiting | Asked | Ready<B>;

const BUSY_MS = 500;
/** An estimate until blocks have been seen. */
const FIRST_BLOCK_BYTES = 2_048;
/** Weight of the newest answer in the mean block size. */
const NEWEST_SHARE = 0.5;

export class RangePlan<B> {
  readonly #options: Required<PlanOptions>;
  readonly #peers = new RangePeers();
  /** In order of height, without gaps. */
  #ranges: Range<B>[] = [];
  /** First height that no range covers yet. */
  #next: number;
  #lastId = 0;
  #blockBytes = FIRST_BLOCK_BYTES;

  constructor(options: PlanOptions) {
    this.#options = {
      rangeBlocks: 256,
      rangeBytes: 2 * 1024 * 1024,
      maxBytes: 24 * 1024 * 1024,
      requestsPerPeer: 2,
      maxRequests: 8,
      requestGapMs: 150,
      deadlineMs: 8_000,
      patienceMs: 2_500,
      ...options,
    };
    this.#next = options.from;
  }

  /** Takes the range that a peer says it serves; also for a known peer. */
  offer(name: string, claim: Claim): void {
    this.#peers.offer(name, claim);
  }

  /** The peer is gone. Its open requests must still be answered with `failed`. */
  remove(name: string): void {
    this.#peers.remove(name);
  }

  /** Answers of this peer are not wanted any more; its ranges that were not returned yet are requested again. */
  exclude(name: string): void {
    this.#peers.exclude(name);
    this.#ranges = this.#ranges.map((range) =>
      range.kind === "ready" && range.peer === name ? waiting(range, new Set()) : range,
    );
  }

  /** Puts a returned range back. */
  putBack({ from, blocks }: ReadyRange<B>): void {
    this.#ranges.unshift({ kind: "waiting", from, count: blocks.length, tried: new Set() });
  }

  /** The highest height that some peer claims. */
  get target(): number {
    return this.#peers.highest;
  }

  /** Bytes of the ranges that wait to be taken. */
  get heldBytes(): number {
    return this.#ranges.reduce((sum, range) => sum + (range.kind === "ready" ? range.bytes : 0), 0);
  }

  /** True when nothing is held, requested, or claimed by any peer. */
  get isOver(): boolean {
    if (this.#ranges.some(({ kind }) => kind !== "waiting")) return false;
    const from = this.#ranges[0]?.from ?? this.#next;
    return !this.#peers.anyServes(from);
  }

  /** The requests to send now. */
  requests(now: number): RangeRequest[] {
    const made: RangeRequest[] = [];
    for (let at = 0; this.#asked().length < this.#options.maxRequests; at++) {
      this.#extendTo(at);
      const range = this.#ranges[at];
      if (range === undefined) break;
      if (range.kind !== "waiting") continue;
      // The range for which all others wait is always requested, even if the limit of bytes is reached.
      if (at > 0 && !this.#hasRoom()) break;
      const name = this.#bestPeer(range, now, "any");
      if (name !== undefined) made.push(this.#ask(at, range, name, now));
    }
    return made;
  }

  /** Requests to cancel now: those out of time, and those that hold up all others while another peer is idle. */
  overdue(now: number): RangeRequest[] {
    const { deadlineMs, patienceMs } = this.#options;
    const [first] = this.#ranges;
    const late = this.#asked().filter((range) => {
      if (range.givenUp) return false;
      const tried = new Set([...range.tried, range.request.peer]);
      const holdsUp =
        range === first &&
        now - range.askedAt >= patienceMs &&
        this.#bestPeer(waiting(range, tried), now, "untried") !== undefined;
      return holdsUp || now - range.askedAt >= deadlineMs;
    });
    for (const range of late) range.givenUp = true;
    return late.map(({ request }) => request);
  }

  /** Blocks arrived. Fewer than requested is a valid answer too; none at all means that the peer claimed too much. */
  answered(id: number, blocks: readonly B[], bytes: number, now: number): void {
    const found = this.#take(id);
    if (found === undefined) return;
    const { at, range } = found;
    const { peer: name, from, count } = range.request;
    if (blocks.length === 0) {
      this.#peers.correct(name, { height: from - 1 });
      this.#peers.rest(name, now);
      this.#ranges[at] = waiting(range, new Set([...range.tried, name]));
      return;
    }
    const mean = bytes / blocks.length;
    this.#blockBytes += NEWEST_SHARE * (mean - this.#blockBytes);
    if (range.givenUp) this.#peers.rest(name, now);
    else this.#peers.praise(name);
    const ready: Ready<B> = {
      kind: "ready",
      peer: name,
      from,
      count: blocks.length,
      blocks,
      bytes,
    };
    const rest = count - blocks.length;
    const missing: Waiting[] =
      rest === 0
        ? []
        : [{ kind: "waiting", from: from + blocks.length, count: rest, tried: new Set() }];
    const wanted = this.#peers.isExcluded(name) ? [waiting(range, new Set())] : [ready, ...missing];
    this.#ranges.splice(at, 1, ...wanted);
  }

  /** The request failed or was cancelled, without a result. */
  failed(id: number, now: number): void {
    const found = this.#take(id);
    if (found === undefined) return;
    const { peer } = found.range.request;
    this.#peers.rest(peer, now);
    this.#ranges[found.at] = waiting(found.range, new Set([...found.range.tried, peer]));
  }

  /** The peer has no time for us now, which says nothing about what it has. */
  busy(id: number, now: number): void {
    const found = this.#take(id);
    if (found === undefined) return;
    this.#peers.pause(found.range.request.peer, now + BUSY_MS);
    this.#ranges[found.at] = waiting(found.range, found.range.tried);
  }

  /** The peer does not keep the first requested block. */
  notKept(id: number): void {
    const found = this.#take(id);
    if (found === undefined) return;
    const { peer, from } = found.range.request;
    this.#peers.correct(peer, { lowest: from + 1 });
    this.#ranges[found.at] = waiting(found.range, found.range.tried);
  }

  /** The next range in order of height, if it has arrived. */
  take(): ReadyRange<B> | undefined {
    const [first] = this.#ranges;
    if (first?.kind !== "ready") return undefined;
    this.#ranges.shift();
    return first;
  }

  /**
   * How long nothing will change without an event; undefined when only an answer or a new peer can change something.
   */
  waitMs(now: number): number | undefined {
    const { deadlineMs, patienceMs } = this.#options;
    const times = this.#peers.times();
    for (const { askedAt } of this.#asked()) times.push(askedAt + patienceMs, askedAt + deadlineMs);
    const ahead = times.filter((time) => time > now);
    return ahead.length === 0 ? undefined : Math.min(...ahead) - now;
  }

  /** Creates the range at position `at` if some peer claims heights beyond the covered ones. */
  #extendTo(at: number): void {
    if (at < this.#ranges.length || this.#next > this.target) return;
    // There is a range for which no peer may be asked now: a peer that claims endless heights must not cause endless
    // ranges.
    if (this.#ranges.some(({ kind }) => kind === "waiting")) return;
    const { rangeBlocks, rangeBytes } = this.#options;
    const fitting = Math.max(1, Math.floor(rangeBytes / this.#blockBytes));
    const count = Math.min(rangeBlocks, fitting, this.target - this.#next + 1);
    this.#ranges.push({ kind: "waiting", from: this.#next, count, tried: new Set() });
    this.#next += count;
  }

  #ask(at: number, range: Waiting, name: string, now: number): RangeRequest {
    const height = this.#peers.claimOf(name)?.height ?? range.from;
    const count = Math.min(range.count, height - range.from + 1);
    const request = { id: ++this.#lastId, peer: name, from: range.from, count };
    const { tried } = range;
    const asked: Asked = {
      ...request,
      kind: "asked",
      tried,
      request,
      askedAt: now,
      givenUp: false,
    };
    const rest = range.count - count;
    const more: Waiting[] =
      rest === 0 ? [] : [{ kind: "waiting", from: range.from + count, count: rest, tried }];
    this.#ranges.splice(at, 1, asked, ...more);
    this.#peers.pause(name, now + this.#options.requestGapMs);
    return request;
  }

  #bestPeer({ from, tried }: Waiting, now: number, who: "any" | "untried"): string | undefined {
    const asked = this.#asked();
    const choice = {
      from,
      tried,
      mustBeUntried: who === "untried",
      requestsPerPeer: this.#options.requestsPerPeer,
      loadOf: (name: string) => asked.filter(({ request }) => request.peer === name).length,
    };
    return this.#peers.best(choice, now);
  }

  #hasRoom(): boolean {
    const { rangeBytes, maxBytes } = this.#options;
    return this.heldBytes + (this.#asked().length + 1) * rangeBytes <= maxBytes;
  }

  #asked(): Asked[] {
    return this.#ranges.filter((range): range is Asked => range.kind === "asked");
  }

  #take(id: number): { at: number; range: Asked } | undefined {
    const at = this.#ranges.findIndex((range) => range.kind === "asked" && range.request.id === id);
    const range = this.#ranges[at];
    return range?.kind === "asked" ? { at, range } : undefined;
  }
}

function waiting(
  { from, count }: { readonly from: number; readonly count: number },
  tried: ReadonlySet<string>,
): Waiting {
  return { kind: "waiting", from, count, tried };
}
