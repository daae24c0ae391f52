import type { AlgorithmTask } from "../algorithm-task.ts";

/** The largest number of nonces of a task. */
export const MAX_TASK_NONCES = 65_536;

/** Computes the digests of single nonces, to check the claims of others. The target does not matter. */
export interface DigestsTask extends AlgorithmTask {
  /** At least one. */
  readonly nonces: readonly bigint[];
}
