/**
 * How many nonces the next call takes: so many that a call lasts some milliseconds, whatever a hash costs, and whoever
 * searches sees between two calls that there is nothing left to do.
 */
import { MAX_STRETCH } from "./abi.ts";

/** A call aims at so long at most. */
const AIM_MS = 10;

export class StretchSize {
  #size = 1;

  get next(): number {
    return this.#size;
  }

  /** @param ms that a call for `count` nonces took */
  took(count: number, ms: number): void {
    if (ms > AIM_MS) this.#size = Math.max(1, Math.floor(this.#size / 2));
    else if (count === this.#size && 2 * ms <= AIM_MS) {
      this.#size = Math.min(MAX_STRETCH, 2 * this.#size);
    }
  }
}
