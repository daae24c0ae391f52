/** Time as the node's services see it; tests pass their own. */
import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  /** Unix milliseconds: only for what people and other nodes read. */
  now(): number;
  /** Milliseconds that never jump: for durations and deadlines. */
  monotonic(): number;
  /** @throws the signal's reason when aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Fires once, so many milliseconds from now. */
  timeout(ms: number): AbortSignal;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
  timeout: (ms) => AbortSignal.timeout(ms),
};
