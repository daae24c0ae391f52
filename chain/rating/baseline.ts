/**
 * The cost of the baseline tasks on which a rating may be based: ml/baseline/ runs them, this file counts their
 * operations.
 */

/** Floating-point operations of one optimizer step of each task, by version from 1. */
const STEP_FLOPS: readonly bigint[] = [
  // 1: MLP 64-256-256-10, batch 32. Forward, weight gradient, and input gradient except that of the first layer.
  2n * 32n * (64n * 256n * 2n + 256n * 256n * 3n + 256n * 10n * 3n),
  // 2: two 3x3 convolutions of 16 filters over 8x8, a pooling, dense 64 and 10; counted in the same way.
  2n * 32n * (64n * 9n * 16n * 2n + 64n * 144n * 16n * 3n + 256n * 64n * 3n + 64n * 10n * 3n),
];

export const BASELINE_TASKS = STEP_FLOPS.length;

/** @param task version, 1 to BASELINE_TASKS */
export function stepFlops(task: number): bigint {
  const flops = STEP_FLOPS[task - 1];
  if (flops === undefined) throw new RangeError(`no baseline task ${task}`);
  return flops;
}
