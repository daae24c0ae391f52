/** When work is worth dividing: what another could search in time, after the ask, must be a gain. */

export interface Alone {
  /** Units that are left. */
  readonly units: number;
  /** Units a millisecond. */
  readonly rate: number;
  /** Until it begins with them. */
  readonly waitMs: number;
}

export interface Helper {
  readonly rate: number;
  /** Round trip, scheduling, and what it has to end before. */
  readonly waitMs: number;
}

/** Divided work must take less than this share of what one alone takes: else overhead eats the gain. */
const WORTH = 0.9;

/**
 * Units for a helper, so that it ends when the other does; undefined where one alone is as good.
 */
export function partFor(alone: Alone, helper: Helper): number | undefined {
  const { units, rate, waitMs } = alone;
  const aloneMs = waitMs + units / rate;
  const bothMs = (units + rate * waitMs + helper.rate * helper.waitMs) / (rate + helper.rate);
  if (bothMs >= WORTH * aloneMs) return undefined;
  const kept = Math.floor(Math.max(0, bothMs - waitMs) * rate);
  return units - Math.min(kept, units - 1);
}
