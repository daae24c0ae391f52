/** A clock that a test moves by hand. Sleepers wake in order of their time. */
import type { Clock } from "../../../node/clock.ts";

export class ManualClock implements Clock {
  #time = 1_000;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  now(): number {
    return this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = {
        at: this.#time + ms,
        wake: () => {
          signal?.removeEventListener("abort", cancel);
          resolve();
        },
      };
      const cancel = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      if (signal?.aborted) {
        cancel();
        return;
      }
      signal?.addEventListener("abort", cancel, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  timeout(ms: number): AbortSignal {
    const control = new AbortController();
    const reason = new DOMException("the time is over", "TimeoutError");
    void this.sleep(ms).then(() => control.abort(reason));
    return control.signal;
  }

  advance(ms: number): void {
    this.#time += ms;
    const due = [...this.#sleepers].filter(({ at }) => at <= this.#time);
    for (const sleeper of due.sort((a, b) => a.at - b.at)) {
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}
