/**
 * One direction of a proxied TCP connection under bad conditions. Bytes are delayed, slowed down or held, but
 * never lost or reordered: that is what loss looks like to whoever uses TCP, a stall while it is sent again.
 */
import type { Socket } from "node:net";
import type { Random } from "../../../sim/random.ts";

export interface LinkConditions {
  readonly latencyMs: number;
  /** Added to the latency or taken off it, evenly spread. */
  readonly jitterMs: number;
  /** Share of chunks that are lost at first and arrive after `stallMs` more. */
  readonly stallChance: number;
  readonly stallMs: number;
  readonly bytesPerSecond: number;
}

export const CLEAR: LinkConditions = {
  latencyMs: 0,
  jitterMs: 0,
  stallChance: 0,
  stallMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
};

/** What a direction holds before the sender feels it; about one TCP window. */
const MAX_HELD_BYTES = 256 * 1024;
/** TCP sends segments, and loss strikes one of them. */
const SEGMENT_BYTES = 16 * 1024;

interface Held {
  readonly bytes: Uint8Array;
  readonly dueMs: number;
}

export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #random: Random;
  readonly #conditions: () => LinkConditions;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #lastDueMs = 0;
  #lineFreeMs = 0;
  #isCut = false;
  #hasEnded = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param conditions asked for every segment, so that they may change at any time */
  constructor(
    [from, to]: readonly [Socket, Socket],
    { random, conditions }: { random: Random; conditions(): LinkConditions },
  ) {
    this.#from = from;
    this.#to = to;
    this.#random = random;
    this.#conditions = conditions;
    from.on("data", (chunk: Buffer) => this.#take(chunk));
    from.on("end", () => {
      this.#hasEnded = true;
      this.#pump();
    });
    to.on("drain", () => this.#pump());
  }

  /** Nothing gets through any more, and nobody is told. */
  cut(): void {
    this.#isCut = true;
    clearTimeout(this.#timer);
    this.#from.pause();
  }

  /** What was held arrives now, as after TCP's next retransmission. */
  heal(): void {
    this.#isCut = false;
    this.#pump();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += SEGMENT_BYTES) {
      this.#hold(chunk.subarray(at, at + SEGMENT_BYTES));
    }
    this.#pump();
  }

  #hold(bytes: Uint8Array): void {
    const { latencyMs, jitterMs, stallChance, stallMs, bytesPerSecond } = this.#conditions();
    const now = performance.now();
    this.#lineFreeMs = Math.max(now, this.#lineFreeMs) + (1000 * bytes.length) / bytesPerSecond;
    const jitter = (2 * this.#random.next() - 1) * jitterMs;
    const stall = this.#random.chance(stallChance) ? stallMs : 0;
    const dueMs = Math.max(this.#lastDueMs, this.#lineFreeMs + latencyMs + jitter + stall);
    this.#lastDueMs = dueMs;
    this.#held.push({ bytes, dueMs });
    this.#heldBytes += bytes.length;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#isCut) return;
    const now = performance.now();
    let next = this.#held[0];
    while (next !== undefined && next.dueMs <= now && !this.#to.writableNeedDrain) {
      this.#held.shift();
      this.#heldBytes -= next.bytes.length;
      this.#to.write(next.bytes);
      next = this.#held[0];
    }
    if (next !== undefined) {
      this.#timer = setTimeout(() => this.#pump(), Math.max(1, next.dueMs - now));
    } else if (this.#hasEnded) {
      this.#to.end();
    }
    if (this.#heldBytes > MAX_HELD_BYTES) this.#from.pause();
    else this.#from.resume();
  }
}
