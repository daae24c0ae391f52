/**
 * Lets work that can wait give way to work that cannot: while a vote or a proposal is being handled,
 * transactions wait for their turn, so that blocks stay on time however many transactions come in.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

/** Who waits goes on after so long in any case: nobody is locked out. */
const LONGEST_MS = 50;

export class RightOfWay {
  #urgent = 0;
  #waiting: (() => void)[] = [];

  /** Runs what cannot wait. */
  async urgent<T>(work: () => Promise<T>): Promise<T> {
    this.#urgent++;
    try {
      return await work();
    } finally {
      this.#urgent--;
      if (this.#urgent === 0) this.#release();
    }
  }

  /** Resolves after a turn of the event loop, once nothing urgent is under way or 50 ms have passed. */
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
