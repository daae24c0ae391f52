/** How much of the work of one lane another should take over, and whether that saves enough time. */

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

/** Divided work must take less than this share of the time that one lane alone takes. */
const WORTH = 0.9;

/** @returns units for the helper, so that both end together; undefined where that saves too little time */
export function partFor(alone: Alone, helper: Helper): number | undefined {
  const { units, rate, waitMs } = alone;
  const aloneMs = waitMs + units / rate;
  const bothMs = (units + rate * waitMs + helper.rate * helper.waitMs) / (rate + helper.rate);
  if (bothMs >= WORTH * aloneMs) return undefined;
  const kept = Math.floor(Math.max(0, bothMs - waitMs) * rate);
  return units - Math.min(kept, units - 1);
}
