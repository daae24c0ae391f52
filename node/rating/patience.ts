/**
 * How long to ask a claimant before reporting that it does not serve: two thirds of the stage for all segments of the
 * claim together, so that the rest is left for the replays. A machine that was paused for some seconds has time to
 * return. Only time in which this process was awake and asking counts: after a pause of its own, a node goes on asking
 * and accuses nobody.
 */
import type { Parameters } from "../../chain/types/genesis.ts";
import type { Clock } from "../clock.ts";

/** Longest time for one request, milliseconds. */
const LONGEST_MS = 5_000;
/** Between two requests. */
const PAUSE_MS = 1_000;
/**
 * Once the patience is used up, the other segments of the claim are requested once each, with a time divided by this.
 */
const HASTE = 8;
/** So many requests are made before anybody is accused, however long the first of them took. */
const LEAST_TRIES = 4;

export class Patience {
  /** Milliseconds to wait for one reply. */
  readonly requestMs: number;
  readonly #pauseMs: number;
  readonly #clock: Pick<Clock, "monotonic" | "sleep">;
  #leftMs: number;
  #tries = 0;

  constructor(
    { verdictBlocks, blockIntervalMs }: Pick<Parameters, "verdictBlocks" | "blockIntervalMs">,
    clock: Pick<Clock, "monotonic" | "sleep">,
  ) {
    const stageMs = verdictBlocks * blockIntervalMs;
    this.#clock = clock;
    this.#leftMs = Math.floor((2 * stageMs) / 3);
    const each = Math.max(1, Math.floor(this.#leftMs / LEAST_TRIES / 2));
    this.requestMs = Math.min(LONGEST_MS, each);
    this.#pauseMs = Math.min(PAUSE_MS, each);
  }

  /**
   * Asks until a reply arrives or the patience is used up; at least once.
   * @returns undefined: not served
   */
  async ask<T>(request: (timeoutMs: number) => Promise<T | undefined>): Promise<T | undefined> {
    for (;;) {
      const isOver = this.#leftMs <= 0 && this.#tries >= LEAST_TRIES;
      const timeoutMs = isOver ? Math.ceil(this.requestMs / HASTE) : this.requestMs;
      const reply = await this.#spend(timeoutMs, () => request(timeoutMs));
      this.#tries += 1;
      if (reply !== undefined) return reply;
      if (this.#leftMs <= 0 && this.#tries >= LEAST_TRIES) return undefined;
      await this.#spend(this.#pauseMs, () => this.#clock.sleep(this.#pauseMs));
    }
  }

  /** If it took longer than allowed, this process was paused; that time does not count. */
  async #spend<T>(mostMs: number, wait: () => Promise<T>): Promise<T> {
    const begun = this.#clock.monotonic();
    try {
      return await wait();
    } finally {
      this.#leftMs -= Math.min(mostMs, this.#clock.monotonic() - begun);
    }
  }
}
