/** Two deadlines for one exchange: one for each step, and one for the whole. */

export class Watchdog {
  readonly #stepMs: number;
  readonly #expire: (timeoutMs: number) => void;
  readonly #total: NodeJS.Timeout;
  #step: NodeJS.Timeout;

  /** @param expire called once, with the deadline that passed */
  constructor(stepMs: number, totalMs: number, expire: (timeoutMs: number) => void) {
    this.#stepMs = stepMs;
    this.#expire = (timeoutMs) => {
      this.stop();
      expire(timeoutMs);
    };
    this.#total = setTimeout(() => this.#expire(totalMs), totalMs);
    this.#step = setTimeout(() => this.#expire(stepMs), stepMs);
  }

  /** Stops the step deadline while this node, not the peer, is at work. */
  pause(): void {
    clearTimeout(this.#step);
  }

  /** Gives the next step its full time. */
  resume(): void {
    clearTimeout(this.#step);
    this.#step = setTimeout(() => this.#expire(this.#stepMs), this.#stepMs);
  }

  stop(): void {
    clearTimeout(this.#step);
    clearTimeout(this.#total);
  }
}
