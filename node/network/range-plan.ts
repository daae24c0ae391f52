/**
 * Which peer is asked for which heights while a node catches up. Pure: the clock comes as an argument, the
 * owner sends the requests and reports what came of them. Heights are cut into ranges; several peers are asked
 * at once; what a peer did not bring in time goes to another; ranges are handed out in order of height.
 *
 * Nobody is blamed here. A peer that brings nothing rests a while, longer each time; one that claims more than
 * it brings is believed less. Only `exclude`, for a proven lie, is for good.
 */

import { type Claim, RangePeers } from "./range-peers.ts";

export interface PlanOptions {
  /** First height wanted. */
  readonly from: number;
  /** Blocks in one range at most. */
  readonly rangeBlocks?: number;
  /** What one answer should stay below; the size of a range follows from it and the blocks seen. */
  readonly rangeBytes?: number;
  /** Bytes held and expected together. */
  readonly maxBytes?: number;
  readonly requestsPerPeer?: number;
  readonly maxRequests?: number;
  /** Between two requests to one peer: below the rate peers grant (p2p/protocols/blocks.ts). */
  readonly requestGapMs?: number;
  /** For one range; below the time a protocol step may take, whose end would cost the peer its name. */
  readonly deadlineMs?: number;
  /** After which the range everything waits for is taken to an idle peer. */
  readonly patienceMs?: number;
}

/** One request to send. */
export interface RangeRequest {
  readonly id: number;
  readonly peer: string;
  readonly from: number;
  readonly count: number;
}

/** Blocks `from`, `from + 1`, … as one peer brought them. */
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
  /** Peers that were asked for it and did not bring it. */
  readonly tried: ReadonlySet<string>;
}

interface Asked {
  readonly kind: "asked";
  readonly from: number;
  readonly count: number;
  readonly tried: ReadonlySet<string>;
  readonly request: RangeRequest;
  readonly askedAt: number;
  /** Told to stop; its answer is still to come. */
  givenUp: boolean;
}

interface Ready<B> extends ReadyRange<B> {
  readonly kind: "ready";
  readonly count: number;
}

type Range<B> = Waiting | Asked | Ready<B>;

const BUSY_MS = 500;
/** A guess until blocks have been seen. */
const FIRST_BLOCK_BYTES = 2_048;
/** Share of the newest answer in the mean block size. */
const NEWEST_SHARE = 0.5;

export class RangePlan<B> {
  readonly #options: Required<PlanOptions>;
  readonly #peers = new RangePeers();
  /** In order of height, without gaps. */
  #ranges: Range<B>[] = [];
  /** First height no range covers yet. */
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

  /** What a peer says it serves; also for a peer known already. */
  offer(name: string, claim: Claim): void {
    this.#peers.offer(name, claim);
  }

  /** The peer is gone. Its requests are still to be answered with `failed`. */
  remove(name: string): void {
    this.#peers.remove(name);
  }

  /** Answers of this peer are not wanted any more; those not handed out yet are asked for again. */
  exclude(name: string): void {
    this.#peers.exclude(name);
    this.#ranges = this.#ranges.map((range) =>
      range.kind === "ready" && range.peer === name ? waiting(range, new Set()) : range,
    );
  }

  /** Puts a range that was handed out back in line. */
  putBack({ from, blocks }: ReadyRange<B>): void {
    this.#ranges.unshift({ kind: "waiting", from, count: blocks.length, tried: new Set() });
  }

  /** Highest height some peer claims. */
  get target(): number {
    return this.#peers.highest;
  }

  /** Bytes of the ranges that wait to be taken. */
  get heldBytes(): number {
    return this.#ranges.reduce((sum, range) => sum + (range.kind === "ready" ? range.bytes : 0), 0);
  }

  /** Nothing is held, under way, or claimed by anyone. */
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
      // What everything else waits for is always asked for, whatever is held.
      if (at > 0 && !this.#hasRoom()) break;
      const name = this.#bestPeer(range, now, "any");
      if (name !== undefined) made.push(this.#ask(at, range, name, now));
    }
    return made;
  }

  /** Requests to cut off now: out of time, or holding up everybody while another peer is idle. */
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

  /** Blocks came; fewer than asked for is an answer too, none at all means the peer claimed too much. */
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

  /** The request failed or was cut off, and brought nothing. */
  failed(id: number, now: number): void {
    const found = this.#take(id);
    if (found === undefined) return;
    const { peer } = found.range.request;
    this.#peers.rest(peer, now);
    this.#ranges[found.at] = waiting(found.range, new Set([...found.range.tried, peer]));
  }

  /** The peer has no time for us at the moment, which says nothing about what it has. */
  busy(id: number, now: number): void {
    const found = this.#take(id);
    if (found === undefined) return;
    this.#peers.pause(found.range.request.peer, now + BUSY_MS);
    this.#ranges[found.at] = waiting(found.range, found.range.tried);
  }

  /** The peer does not keep the first block asked for. */
  notKept(id: number): void {
    const found = this.#take(id);
    if (found === undefined) return;
    const { peer, from } = found.range.request;
    this.#peers.correct(peer, { lowest: from + 1 });
    this.#ranges[found.at] = waiting(found.range, found.range.tried);
  }

  /** The next range in order of height, if it is there. */
  take(): ReadyRange<B> | undefined {
    const [first] = this.#ranges;
    if (first?.kind !== "ready") return undefined;
    this.#ranges.shift();
    return first;
  }

  /** How long nothing will change by itself; undefined when only an answer or a new peer can. */
  waitMs(now: number): number | undefined {
    const { deadlineMs, patienceMs } = this.#options;
    const times = this.#peers.times();
    for (const { askedAt } of this.#asked()) times.push(askedAt + patienceMs, askedAt + deadlineMs);
    const ahead = times.filter((time) => time > now);
    return ahead.length === 0 ? undefined : Math.min(...ahead) - now;
  }

  /** Makes a range at position `at` when some peer claims heights beyond those covered. */
  #extendTo(at: number): void {
    if (at < this.#ranges.length || this.#next > this.target) return;
    // A range nobody may be asked for now: whoever claims endless heights must not make endless ranges.
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
