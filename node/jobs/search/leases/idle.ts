/**
 * Whether work is worth splitting (paper 004: what is too small is done alone). Sending a part away costs a round trip
 * and a place in the line; the parts together must be done in less than 0.9 of the time alone.
 */

export interface SplitFacts {
  /** Units to search. */
  readonly units: number;
  /** Units a millisecond of the node that would do it alone. */
  readonly ownRate: number;
  /** Of all those that would get a part. */
  readonly childRates: readonly number[];
  readonly rttMs: number;
  readonly scheduleMs: number;
}

export interface SplitTimes {
  readonly aloneMs: number;
  readonly splitMs: number;
  readonly isWorth: boolean;
}

const GAIN_FROM = 0.9;

export function splitTimes({
  units,
  ownRate,
  childRates,
  rttMs,
  scheduleMs,
}: SplitFacts): SplitTimes {
  const total = childRates.reduce((sum, rate) => sum + rate, ownRate);
  const aloneMs = units / ownRate;
  const splitMs = rttMs + scheduleMs + units / total;
  return { aloneMs, splitMs, isWorth: splitMs < GAIN_FROM * aloneMs };
}
