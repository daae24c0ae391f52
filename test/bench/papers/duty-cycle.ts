/**
 * Holds a process to a share of one core, as a worker's owner may: it waits until the processor time that it has used
 * is no more than its share of the time that has passed. What it could not use is not saved up beyond a moment, so that
 * it never takes a whole core for long.
 */
import { setImmediate } from "node:timers/promises";
import type { CoreMeter } from "../../../ml/baseline/core-share.ts";
import type { Clock } from "../../../node/clock.ts";

/** Processor time that may be saved up. */
const SAVED_MS = 10;

export class DutyCycle {
  readonly #share: number;
  readonly #meter: CoreMeter;
  readonly #clock: Pick<Clock, "sleep">;
  #at: number;
  #used: number;
  /** Processor time in milliseconds that is left; below 0 it must wait. */
  #left = 0;

  /** @param share of one core, above 0; 1 or more does not hold it */
  constructor(share: number, meter: CoreMeter, clock: Pick<Clock, "sleep">) {
    this.#share = share;
    this.#meter = meter;
    this.#clock = clock;
    this.#at = meter.now();
    this.#used = meter.cpu();
  }

  /** From here on, with nothing saved up or owed. */
  begin(): void {
    this.#count();
    this.#left = 0;
  }

  /** Waits as long as it must. */
  async breathe(): Promise<void> {
    this.#count();
    if (this.#share < 1 && this.#left < 0) {
      await this.#clock.sleep(-this.#left / this.#share);
      this.#count();
    } else {
      await setImmediate();
    }
  }

  #count(): void {
    const [at, used] = [this.#meter.now(), this.#meter.cpu()];
    const earned = (at - this.#at) * this.#share - (used - this.#used);
    this.#left = Math.min(SAVED_MS, this.#left + earned);
    this.#at = at;
    this.#used = used;
  }
}
