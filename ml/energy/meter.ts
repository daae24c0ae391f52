/**
 * Measures the energy of a piece of work with the best source that this machine has: RAPL counters of the processor
 * packages, the battery, or else an estimate. No other node can check the figure, so it changes a rating by a few
 * percent at most, and is always shown with its source and uncertainty.
 */
import type { EnergySource } from "../../chain/types/window.ts";
import { openBattery } from "./battery.ts";
import type { EnergyCounter, EnergyReading } from "./counter.ts";
import { estimate } from "./estimate.ts";
import { openRapl } from "./rapl.ts";

export interface EnergyMeterOptions {
  /** Folder in which the kernel shows its devices. */
  readonly sysfs: string;
  /** Milliseconds; never decreasing. */
  readonly now: () => number;
  /** Processor cores. */
  readonly cores: number;
}

export class EnergyMeter {
  readonly #options: EnergyMeterOptions;
  readonly #counter: EnergyCounter | undefined;

  private constructor(options: EnergyMeterOptions, counter: EnergyCounter | undefined) {
    this.#options = options;
    this.#counter = counter;
  }

  /** Looks for the best source once. */
  static async open(options: EnergyMeterOptions): Promise<EnergyMeter> {
    const counter = (await openRapl(options.sysfs)) ?? (await openBattery(options.sysfs));
    return new EnergyMeter(options, counter);
  }

  get source(): EnergySource {
    return this.#counter?.source ?? "estimate";
  }

  /**
   * Starts a measurement.
   * @returns a function that ends it, given the number of threads that worked (for the estimate)
   */
  async start(): Promise<(threads: number) => Promise<EnergyReading>> {
    const { now, cores } = this.#options;
    const counter = this.#counter;
    const startedAt = now();
    const before = await counter?.read();
    return async (threads) => {
      const after = await counter?.read();
      if (counter === undefined || before === undefined || after === undefined || after < before) {
        return estimate({ durationMs: now() - startedAt, threads, cores });
      }
      const { source, uncertainty } = counter;
      return { millijoules: after - before, source, uncertainty };
    };
  }
}
