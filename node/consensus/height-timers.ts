/** The timers of the current height, and the one that fires repeatedly while the height does not end. */

/** After so long without progress, peers are asked for what they know. */
const STUCK_MS = 1_500;

export class HeightTimers {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stuck: () => void;
  #stuckTimer: NodeJS.Timeout | undefined;

  /** @param stuck called repeatedly while the height does not end, until `clear` */
  constructor(stuck: () => void) {
    this.#stuck = stuck;
  }

  after(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  /** @param expectedMs how long the height takes if nothing goes wrong */
  watch(expectedMs: number): void {
    clearTimeout(this.#stuckTimer);
    this.#stuckTimer = setTimeout(() => {
      this.#stuck();
      this.watch(0);
    }, STUCK_MS + expectedMs);
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    clearTimeout(this.#stuckTimer);
  }
}
