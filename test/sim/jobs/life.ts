/**
 * One run of a node's process, from its start to its crash. What it waits for goes through here: after a crash nothing
 * of it goes on, as nothing of a killed process does.
 */
import type { Clock } from "../../../node/clock.ts";
import type { Timeline } from "../timeline.ts";

export class Life {
  readonly #timeline: Timeline;
  #isOver = false;
  /** Sleeps that have not ended: of a node without work there are none. */
  sleeping = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Runs the action unless the process has died by then. */
  after(ms: number, action: () => void): void {
    this.#timeline.after(ms, () => {
      if (!this.#isOver) action();
    });
  }

  /** Never resolves when the process dies before. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  readonly clock: Clock = {
    now: () => this.#timeline.now,
    monotonic: () => this.#timeline.now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        this.sleeping++;
        let isOpen = true;
        const close = (act: () => void): void => {
          if (!isOpen) return;
          isOpen = false;
          this.sleeping--;
          signal?.removeEventListener("abort", cancel);
          act();
        };
        const cancel = (): void => close(() => reject(signal?.reason));
        signal?.addEventListener("abort", cancel, { once: true });
        this.after(Math.max(0, ms), () => close(resolve));
      }),
    timeout: (ms) => {
      const control = new AbortController();
      const reason = new DOMException("the time is over", "TimeoutError");
      this.after(ms, () => control.abort(reason));
      return control.signal;
    },
  };
}
