/** What sources of energy figures give. */
import type { EnergySource } from "../../chain/types/window.ts";

export interface EnergyReading {
  readonly millijoules: bigint;
  readonly source: EnergySource;
  /** The true value lies within this share of it, about. */
  readonly uncertainty: number;
}

/** A running total; differences of two readings are energy. */
export interface EnergyCounter {
  readonly source: EnergySource;
  readonly uncertainty: number;
  /** Millijoules since some moment; undefined when the source went away. */
  read(): Promise<bigint | undefined>;
}
