/** The interface of all sources of energy figures. */
import type { EnergySource } from "../../chain/types/window.ts";

export interface EnergyReading {
  readonly millijoules: bigint;
  readonly source: EnergySource;
  /** The true value lies within about this share of the figure. */
  readonly uncertainty: number;
}

/** A running total; differences of two readings are energy. */
export interface EnergyCounter {
  readonly source: EnergySource;
  readonly uncertainty: number;
  /** Millijoules since some moment; undefined when the source has disappeared. */
  read(): Promise<bigint | undefined>;
}
