/**
 * Lets less urgent work give way: while a vote or a proposal is being handled, transactions wait, so that blocks stay
 * on time however many transactions arrive.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

/** Waiting work continues after this time in any case, so that it cannot be blocked for ever. */
const LONGEST_MS = 50;

export class RightOfWay {
  #urgent = 0;
  #waiting: (() => void)[] = [];

  /** Runs urgent work. */
  async urgent<T>(work: () => Promise<T>): Promise<T> {
    this.#urgent++;
    try {
      return await work();
    } finally {
      this.#urgent--;
      if (this.#urgent === 0) this.#release();
    }
  }

  /** Resolves after a turn of the event loop, once no urgent work is running or 50 ms have passed. */
  async giveWay(): Promise<void> {
    await nextTurn();
    if (this.#urgent === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LONGEST_MS);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }
}
