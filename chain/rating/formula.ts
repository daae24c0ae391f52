/**
 * From verified segments to a rating, in integers only. Linear in capacity: splitting a machine
 * into several identities gains nothing. Quality, reliability and energy factors are 1 until their
 * measurements exist.
 */

/** Floating-point operations of one optimizer step of baseline task 1 (MLP 64-256-256-10, batch 32). */
export const BASELINE_STEP_FLOPS =
  2n * 32n * (64n * 256n * 2n + 256n * 256n * 3n + 256n * 10n * 3n);

/** @returns micro-GFLOP/s (kFLOP/s) that `segments` in `durationMs` amount to */
export function capacityOf(segments: number, segmentSteps: number, durationMs: bigint): bigint {
  if (durationMs <= 0n) return 0n;
  const flops = BigInt(segments) * BigInt(segmentSteps) * BASELINE_STEP_FLOPS;
  return flops / durationMs;
}

/** Rises by at most a quarter per window, falls at once; the first measurement counts as it is. */
export function nextCapacity(before: bigint, measured: bigint): bigint {
  const ceiling = before + before / 4n;
  return before === 0n || measured < ceiling ? measured : ceiling;
}

/** A missed window only decays: the owner may have been using the machine. */
export function decayed(rating: bigint): bigint {
  return rating - rating / 8n;
}
