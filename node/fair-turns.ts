/** Runs a few pieces of work at a time; the others wait for their turn, group by group, see `FairLine`. */
import { FairLine, type Turn } from "./fair-line.ts";

export class FairTurns {
  readonly #atOnce: number;
  readonly #line = new FairLine<() => void>();
  readonly #all = new Set<Promise<unknown>>();
  #running = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Whether the next piece of work has to wait. */
  get isFull(): boolean {
    return this.#running >= this.#atOnce;
  }

  /** @throws the signal's reason when it fires before the turn; any error of `work` */
  use<T>(turn: Turn, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const done = this.#use(turn, signal, work);
    this.#all.add(done);
    const forget = (): void => {
      this.#all.delete(done);
    };
    done.then(forget, forget);
    return done;
  }

  /** Resolves when everything that waited or ran has ended. */
  async idle(): Promise<void> {
    while (this.#all.size > 0) await Promise.allSettled(this.#all);
  }

  async #use<T>(turn: Turn, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.isFull) await this.#wait(turn, signal);
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#line.next();
      if (next === undefined) this.#running--;
      // Other events get a turn in between.
      else setImmediate(next);
    }
  }

  #wait(turn: Turn, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (this.#line.remove(turn, go)) reject(signal.reason);
      };
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      this.#line.add(turn, go);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
