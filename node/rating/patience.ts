/**
 * How long to ask a claimant before saying that it does not serve: two thirds of the stage for all segments
 * of the claim together, so that the rest is left for the replays. A machine that was paused for some
 * seconds has time to come back. Only time in which this process was awake and asking counts: after a pause
 * of its own a node asks on, and accuses nobody of having been asleep itself.
 */
import type { Parameters } from "../../chain/types/genesis.ts";
import type { Clock } from "../clock.ts";

/** Of one request at most, milliseconds. */
const LONGEST_MS = 5_000;
/** Between two requests. */
const PAUSE_MS = 1_000;
/** Once the patience is over the other segments of the claim are asked for once, and so much shorter. */
const HASTE = 8;
/** Requests before anybody is accused, however long the first of them took. */
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

  /** Asks until something comes or the patience is over; at least once. @returns undefined: not served */
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

  /** Longer than it was to take it was not this process that waited, but its pause. */
  async #spend<T>(mostMs: number, wait: () => Promise<T>): Promise<T> {
    const begun = this.#clock.monotonic();
    try {
      return await wait();
    } finally {
      this.#leftMs -= Math.min(mostMs, this.#clock.monotonic() - begun);
    }
  }
}
