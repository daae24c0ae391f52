/**
 * Costly answers wait for their turn: a few are made at a time, so that the chain's own work never stands behind many
 * of them. Networks take turns, and in each its addresses; the owner's answers have turns of their own.
 */
import { FairLine } from "../fair-line.ts";
import { apiError } from "./api-error.ts";
import type { Caller } from "./caller.ts";
import type { ApiLimits } from "./limits.ts";
import { SharedPlaces } from "./shared-places.ts";

class Line {
  readonly waiting = new FairLine<() => void>();
  running = 0;
}

export class Turns {
  readonly #limits: ApiLimits;
  readonly #strangers = new Line();
  readonly #owner = new Line();
  readonly #places: SharedPlaces;
  #ownerWaiting = 0;

  constructor(limits: ApiLimits) {
    this.#limits = limits;
    this.#places = new SharedPlaces(limits.costlyWaiting, limits.costlyWaitingPerAddress);
  }

  /** @throws ApiError TOO_MANY_COSTLY_REQUESTS; the signal's reason when it fires before the turn */
  async use<T>(caller: Caller, gone: AbortSignal, answer: () => Promise<T>): Promise<T> {
    const line = caller.isOwner ? this.#owner : this.#strangers;
    if (line.running >= this.#limits.costlyAtOnce) await this.#wait(line, caller, gone);
    else line.running++;
    try {
      return await answer();
    } finally {
      const next = line.waiting.next();
      if (next === undefined) line.running--;
      // Others get a look in between two answers.
      else setImmediate(next);
    }
  }

  async #wait(line: Line, caller: Caller, gone: AbortSignal): Promise<void> {
    gone.throwIfAborted();
    if (!this.#takePlace(caller)) throw busy();
    const turn = { group: caller.network, member: caller.key };
    try {
      await new Promise<void>((resolve, reject) => {
        const leave = (): void => {
          if (line.waiting.remove(turn, go)) reject(gone.reason);
        };
        const go = (): void => {
          gone.removeEventListener("abort", leave);
          resolve();
        };
        line.waiting.add(turn, go);
        gone.addEventListener("abort", leave, { once: true });
      });
    } finally {
      if (caller.isOwner) this.#ownerWaiting--;
      else this.#places.release(caller);
    }
  }

  #takePlace(caller: Caller): boolean {
    if (!caller.isOwner) return this.#places.take(caller);
    if (this.#ownerWaiting >= this.#limits.costlyWaiting) return false;
    this.#ownerWaiting++;
    return true;
  }
}

function busy(): Error {
  return apiError(429, "TOO_MANY_COSTLY_REQUESTS", "too many costly requests wait already", {
    retryAfter: 1,
    remedy: "ask one after another, and for shorter pages",
  });
}
