/**
 * The limits that the asking side keeps. For each peer and protocol, a node keeps to what the other side is known to
 * admit: a number of requests at once, and a number over time. Further requests wait here (turns.ts). If too many wait,
 * or one waits too long, the request fails with BUSY, which says nothing about the peer.
 */
import { P2pError } from "../errors.ts";
import { TokenBuckets } from "../token-bucket.ts";
import { type Protocol, URGENT_PLACES } from "./protocol.ts";
import { type Entry, Turns } from "./turns.ts";

export interface Turn {
  readonly peer: string;
  readonly protocol: Protocol;
  /** The purpose of the request; requests with the same use wait in one line. */
  readonly use: string;
  /** For consensus, which cannot wait. */
  readonly urgent: boolean;
  readonly signal: AbortSignal;
}

export interface AskingLimits {
  /** Requests that may wait for one peer and protocol. */
  readonly waiting: number;
  /** Longest wait, unless the caller's signal ends it sooner. */
  readonly waitMs: number;
}

const ASKING_LIMITS: AskingLimits = { waiting: 1024, waitMs: 60_000 };

export class Asking {
  readonly #now: () => number;
  readonly #limits: AskingLimits;
  /** By protocol and peer. */
  readonly #turns = new Map<string, Turns>();
  readonly #buckets = new Map<string, TokenBuckets>();

  /** @param now monotonic milliseconds */
  constructor(now: () => number, limits: AskingLimits = ASKING_LIMITS) {
    this.#now = now;
    this.#limits = limits;
  }

  /** The number of waiting requests. */
  get waiting(): number {
    let sum = 0;
    for (const turns of this.#turns.values()) sum += turns.waiting;
    return sum;
  }

  /**
   * Resolves when the request may start.
   * @returns a function that frees its place; call it when the request is over
   * @throws P2pError BUSY; the signal's reason
   */
  async turn(turn: Turn): Promise<() => void> {
    const { peer, protocol, signal } = turn;
    signal.throwIfAborted();
    const key = `${protocol.name} ${peer}`;
    const turns = this.#turns.get(key) ?? this.#open(key, turn);
    const forget = (): void => {
      if (turns.isIdle && this.#turns.get(key) === turns) this.#turns.delete(key);
    };
    try {
      const free = await this.#place(turns, turn);
      return () => {
        free();
        forget();
      };
    } catch (error) {
      forget();
      throw error;
    }
  }

  #place(turns: Turns, turn: Turn): Promise<() => void> {
    const { use, urgent, signal } = turn;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      const giveUp = (error: unknown): void => {
        settle();
        turns.leave(entry);
        reject(error);
      };
      const entry: Entry = {
        use,
        urgent,
        start: (free) => {
          settle();
          resolve(free);
        },
      };
      const onAbort = (): void => giveUp(signal.reason);
      const { waitMs } = this.#limits;
      const timer = setTimeout(() => giveUp(busy(turn, turns.waiting, waitMs)), waitMs);
      signal.addEventListener("abort", onAbort, { once: true });
      if (!turns.join(entry)) giveUp(busy(turn, turns.waiting, 0));
    });
  }

  #open(key: string, { peer, protocol }: Turn): Turns {
    const { name, maxConcurrent: places, rate } = protocol;
    const buckets = this.#buckets.get(name) ?? new TokenBuckets(rate);
    this.#buckets.set(name, buckets);
    const turns = new Turns(
      { places, urgentPlaces: URGENT_PLACES, rate, maxWaiting: this.#limits.waiting },
      () => buckets.take(peer, this.#now()),
    );
    this.#turns.set(key, turns);
    return turns;
  }
}

function busy({ peer, protocol }: Turn, waiting: number, waitedMs: number): P2pError {
  const { name } = protocol;
  return new P2pError(
    `${name}: ${waiting} of our requests already wait for this peer`,
    { code: "BUSY", peer, protocol: name, waiting, waitedMs },
    { remedy: "try again later, or ask another peer" },
  );
}
