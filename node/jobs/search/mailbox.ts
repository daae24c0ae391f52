/**
 * The way to one peer: one message at a time, and what comes meanwhile goes with the next. So a busy sender keeps to the
 * rate that peers admit, and an idle one does not wait.
 */
import type { Clock } from "../../clock.ts";

export interface MailboxOptions {
  /** Items of one message, at most. */
  readonly limit: number;
  /** Between the end of one message and the next. */
  readonly gapMs: number;
  readonly signal: AbortSignal;
}

/** Items that wait; a peer that takes nothing loses the oldest of them. */
const MOST_WAITING = 4_096;
/** Tries of one message. */
const TRIES = 3;
const PAUSE_MS = 300;

export class Mailbox<Item> {
  readonly #send: (items: readonly Item[]) => Promise<void>;
  readonly #options: MailboxOptions;
  readonly #clock: Pick<Clock, "sleep">;
  #waiting: Item[] = [];
  #isBusy = false;

  /** @param send rejects when the peer was not reached: the items are sent again, three times in all */
  constructor(
    send: (items: readonly Item[]) => Promise<void>,
    options: MailboxOptions,
    clock: Pick<Clock, "sleep">,
  ) {
    this.#send = send;
    this.#options = options;
    this.#clock = clock;
  }

  put(item: Item): void {
    if (this.#options.signal.aborted) return;
    this.#waiting.push(item);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#drain().catch(() => {});
  }

  async #drain(): Promise<void> {
    const { limit, gapMs, signal } = this.#options;
    try {
      // In the next turn: what is put in this one goes along.
      await Promise.resolve();
      while (this.#waiting.length > 0 && !signal.aborted) {
        await this.#deliver(this.#waiting.splice(0, limit));
        await this.#clock.sleep(gapMs, signal);
      }
    } finally {
      // Set as soon as the queue is seen empty: an item that is put in any later starts the sending again.
      this.#isBusy = false;
    }
  }

  async #deliver(items: readonly Item[]): Promise<void> {
    const { signal } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#send(items);
      } catch {
        if (tries === TRIES || signal.aborted) return;
        await this.#clock.sleep(PAUSE_MS, signal);
      }
    }
  }
}
