/**
 * Costly answers wait for their turn: a few are made at a time, so that the chain's own work never stands behind many
 * of them. The owner's have turns of their own.
 */
import { apiError } from "./api-error.ts";
import type { ApiLimits } from "./limits.ts";
import type { Caller } from "./rate-limiter.ts";

interface Line {
  running: number;
  readonly waiting: { readonly key: string; go(): void }[];
}

export class Turns {
  readonly #limits: ApiLimits;
  readonly #strangers: Line = { running: 0, waiting: [] };
  readonly #owner: Line = { running: 0, waiting: [] };

  constructor(limits: ApiLimits) {
    this.#limits = limits;
  }

  /** @throws ApiError BUSY where too many wait already; the signal's reason when it fires first */
  async use<T>({ key, isOwner }: Caller, gone: AbortSignal, answer: () => Promise<T>): Promise<T> {
    const line = isOwner ? this.#owner : this.#strangers;
    if (line.running >= this.#limits.costlyAtOnce) await this.#wait(line, key, isOwner, gone);
    else line.running++;
    try {
      return await answer();
    } finally {
      const next = line.waiting.shift();
      if (next === undefined) line.running--;
      // Others get a look in between two answers.
      else setImmediate(() => next.go());
    }
  }

  #wait(line: Line, key: string, isOwner: boolean, gone: AbortSignal): Promise<void> {
    const { costlyWaiting, costlyWaitingPerAddress } = this.#limits;
    const own = line.waiting.filter((one) => one.key === key).length;
    const most = isOwner ? costlyWaiting : costlyWaitingPerAddress;
    if (line.waiting.length >= costlyWaiting || own >= most) throw busy();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const at = line.waiting.indexOf(entry);
        if (at === -1) return;
        line.waiting.splice(at, 1);
        reject(gone.reason);
      };
      const go = (): void => {
        gone.removeEventListener("abort", leave);
        resolve();
      };
      const entry = { key, go };
      line.waiting.push(entry);
      gone.addEventListener("abort", leave, { once: true });
    });
  }
}

function busy(): Error {
  return apiError(429, "TOO_MANY_COSTLY_REQUESTS", "too many costly requests wait already", {
    retryAfter: 1,
    remedy: "ask one after another, and for shorter pages",
  });
}
