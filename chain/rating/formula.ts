/**
 * From verified segments to a rating: capacity x quality x reliability x energy x freshness, in integers only. The
 * product is linear in capacity, so splitting a machine into several identities gains nothing; a weighted sum of the
 * same factors would reward it.
 */

import { MILLION } from "../millionths.ts";
import type { Parameters } from "../types/genesis.ts";
import { type Factors, MAX_MEASURED, type NodeRecord } from "../types/node.ts";
import { ENERGY_SOURCES, type WindowClaim } from "../types/window.ts";
import { MAX_UINT32 } from "../uint-range.ts";
import { stepFlops } from "./baseline.ts";
import { remaining } from "./half-life.ts";

/** One unit of work in `verified` and `failed`. */
export const UNIT = 1000;
/** The charge for answering nothing of all that a node was drawn for, in thousandths of a failed unit. */
export const SILENCE = UNIT / 4;
/** Verified units after which a new node has half of full reliability. */
const NEWCOMER_UNITS = 10n;
/** One failure weighs as much as so many successes. */
const FAILURE_WEIGHT = 20n;
/** The energy factor differs from 1 by at most so many millionths. */
const ENERGY_BOUND = 50_000n;
/** After so many half-lives (30 days of half-lives of 7 days, rounded up) nothing is left of a rating. */
const STALE_HALF_LIVES = 30n / 7n + 1n;

/** Operations of verified segments. */
export function flopsOf(
  segments: number,
  { segmentSteps, baselineTask }: Pick<Parameters, "segmentSteps" | "baselineTask">,
): bigint {
  return BigInt(segments) * BigInt(segmentSteps) * stepFlops(baselineTask);
}

/** @returns micro-GFLOP/s (kFLOP/s) for an amount of operations in `durationMs` */
export function capacityOf(flops: bigint, durationMs: bigint): bigint {
  return durationMs <= 0n ? 0n : flops / durationMs;
}

/** The newest capacities, oldest first. */
export function withMeasured(measured: readonly bigint[], capacity: bigint): bigint[] {
  return [...measured, capacity].slice(-MAX_MEASURED);
}

/** The median of the last windows; for an even number, the lower of the two middle values. */
export function medianOf(measured: readonly bigint[]): bigint {
  const sorted = [...measured].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[(sorted.length - 1) >> 1] ?? 0n;
}

/**
 * The capacity that a node had in most of its last windows: their median, where a window without work counts as 0. So a
 * machine that is rented for a window or two earns nothing.
 */
export function steadyCapacity(measured: readonly bigint[]): bigint {
  const missing = Array.from({ length: MAX_MEASURED - measured.length }, () => 0n);
  return medianOf([...missing, ...measured]);
}

/**
 * Follows the median slowly in both directions, so that a machine that is busy with other things for an hour does not
 * lose its weight to others. It rises by at most a quarter per window, and falls no faster than the rating of a node
 * that claims nothing; the first value is taken as measured.
 * @param left millionths that the rating of such a node would have kept since the last verified window
 */
export function nextCapacity(before: bigint, median: bigint, left: bigint): bigint {
  if (before === 0n) return median;
  const ceiling = before + before / 4n;
  if (median > ceiling) return ceiling;
  const floor = (before * left) / MILLION;
  return median < floor ? floor : median;
}

/** Millionths: V / (V + 10 + 20 F), V and F in thousandths of a unit. */
export function reliabilityOf({
  verified,
  failed,
}: Pick<NodeRecord, "verified" | "failed">): bigint {
  const good = BigInt(verified);
  const all = good + NEWCOMER_UNITS * BigInt(UNIT) + FAILURE_WEIGHT * BigInt(failed);
  return (good * MILLION) / all;
}

/** @param units thousandths, added to what failed before */
export function failedMore<N extends Pick<NodeRecord, "failed">>(node: N, units: number): N {
  return { ...node, failed: Math.min(node.failed + units, MAX_UINT32) };
}

/** Units left after a time. */
export function faded(units: number, elapsedMs: bigint, { ratingHalfLife }: Parameters): number {
  const left = remaining(elapsedMs, BigInt(ratingHalfLife) * 1000n);
  return Number((BigInt(units) * left) / MILLION);
}

/** Millionths: halves with every half-life since the last verified window, and becomes 0 in the end. */
export function freshnessOf(ratedAt: bigint, now: bigint, { ratingHalfLife }: Parameters): bigint {
  const halfLifeMs = BigInt(ratingHalfLife) * 1000n;
  const age = now - ratedAt;
  return age > STALE_HALF_LIVES * halfLifeMs ? 0n : remaining(age, halfLifeMs);
}

/**
 * Millionths, within 5 % of 1, because no other node can verify a meter. Only readings of a counter count; without one
 * the factor is 1.
 */
export function energyOf(
  { energyMillijoules, energySource }: Pick<WindowClaim, "energyMillijoules" | "energySource">,
  flops: bigint,
  { energyReference }: Pick<Parameters, "energyReference">,
): bigint {
  const source = ENERGY_SOURCES[energySource];
  const isMetered = source === "rapl" || source === "battery";
  if (!isMetered || energyMillijoules === 0n || energyReference === 0n) return MILLION;
  const efficiency = flops / energyMillijoules;
  const gain = (ENERGY_BOUND * (efficiency - energyReference)) / energyReference;
  if (gain > ENERGY_BOUND) return MILLION + ENERGY_BOUND;
  return gain < -ENERGY_BOUND ? MILLION - ENERGY_BOUND : MILLION + gain;
}

export type RatedNode = Pick<
  NodeRecord,
  "capacity" | "quality" | "verified" | "failed" | "energy" | "ratedAt"
>;

export function factorsOf(node: RatedNode, now: bigint, parameters: Parameters): Factors {
  return {
    capacity: node.capacity,
    quality: node.quality,
    reliability: Number(reliabilityOf(node)),
    energy: node.energy,
    freshness: Number(freshnessOf(node.ratedAt, now, parameters)),
  };
}

export function ratingOf({ capacity, quality, reliability, energy, freshness }: Factors): bigint {
  const shares = BigInt(quality) * BigInt(reliability) * BigInt(energy) * BigInt(freshness);
  return (capacity * shares) / MILLION ** 4n;
}
