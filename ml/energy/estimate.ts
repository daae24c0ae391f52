/**
 * Estimates energy where nothing measures it: a usual processor at half its design power, by the number of busy
 * threads.
 */
import type { EnergyReading } from "./counter.ts";

/** Watts of a core at work, including its share of the package. */
const CORE_WATTS = 7;
const UNCERTAINTY = 0.5;

export function estimate({
  durationMs,
  threads,
  cores,
}: {
  readonly durationMs: number;
  readonly threads: number;
  readonly cores: number;
}): EnergyReading {
  const busy = Math.min(threads, cores);
  const millijoules = BigInt(Math.round(durationMs * busy * CORE_WATTS));
  return { millijoules, source: "estimate", uncertainty: UNCERTAINTY };
}
