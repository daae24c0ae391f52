/**
 * Chooses the number of nonces of the next call, so that a call takes a millisecond of processor time, whatever a hash
 * costs, and the caller can stop between two calls. The fastest of the last calls gives the cost of a hash: a call that
 * had to wait for its processor would not have been shorter with fewer nonces.
 */
import { MAX_STRETCH } from "./abi.ts";

const AIM_MS = 1;
const REMEMBERED = 8;
/** Kernels hash several nonces side by side, so larger sizes are multiples of this. */
const WHOLE = 64;

export class StretchSize {
  #size = 1;
  /** Milliseconds per nonce. */
  readonly #costs: number[] = [];

  get next(): number {
    return this.#size;
  }

  /** @param ms duration of a call for `count` nonces */
  took(count: number, ms: number): void {
    this.#costs.push(ms / count);
    if (this.#costs.length > REMEMBERED) this.#costs.shift();
    const fitting = Math.floor(AIM_MS / Math.min(...this.#costs));
    const size = Math.max(1, Math.min(fitting, 2 * this.#size, MAX_STRETCH));
    this.#size = size > WHOLE ? size - (size % WHOLE) : size;
  }
}
