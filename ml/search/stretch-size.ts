/**
 * How many nonces the next call takes: so many that a call lasts some milliseconds, whatever a hash costs, and whoever
 * searches sees between two calls that there is nothing left to do. The fastest of the last calls tells what a hash
 * costs: a call that had to wait for its processor would not have been shorter with fewer nonces.
 */
import { MAX_STRETCH } from "./abi.ts";

const AIM_MS = 10;
const REMEMBERED = 8;
/** Kernels hash some nonces side by side: sizes are multiples of this where they are larger. */
const WHOLE = 64;

export class StretchSize {
  #size = 1;
  /** Milliseconds a nonce. */
  readonly #costs: number[] = [];

  get next(): number {
    return this.#size;
  }

  /** @param ms that a call for `count` nonces took */
  took(count: number, ms: number): void {
    this.#costs.push(ms / count);
    if (this.#costs.length > REMEMBERED) this.#costs.shift();
    const fitting = Math.floor(AIM_MS / Math.min(...this.#costs));
    const size = Math.max(1, Math.min(fitting, 2 * this.#size, MAX_STRETCH));
    this.#size = size > WHOLE ? size - (size % WHOLE) : size;
  }
}
