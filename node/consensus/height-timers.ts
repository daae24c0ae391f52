/** The timers of the height under way, and the one that goes off again and again while it does not end. */

/** Without progress for so long, peers are asked for what they know. */
const STUCK_MS = 1_500;

export class HeightTimers {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stuck: () => void;
  #stuckTimer: NodeJS.Timeout | undefined;

  /** @param stuck the height has not ended for a while; called until `clear` */
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

  /** @param expectedMs how long the height takes when all goes well */
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
