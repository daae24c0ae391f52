import type { AlgorithmTask } from "../algorithm-task.ts";

/** Nonces of one task, at most. */
export const MAX_TASK_NONCES = 65_536;

/** Digests of single nonces, for whoever checks what others claim. The target does not matter. */
export interface DigestsTask extends AlgorithmTask {
  /** At least one. */
  readonly nonces: readonly bigint[];
}
