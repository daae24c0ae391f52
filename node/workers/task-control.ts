/** What a caller can set for any running task, and what it learns about it. */
export interface TaskProgress {
  /** Steps (of a lane: segments; of a search: nonces) done. */
  readonly step: number;
  /** Total number of steps; for a lane, its limit. */
  readonly steps: number;
  /** Loss of the last batch; undefined if there is none. */
  readonly loss: number | undefined;
}

export interface TaskControl {
  /** From now on, including the wait in the queue and repeated attempts. */
  readonly deadlineMs: number;
  /** Abandons the task; its promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** It starts again from zero when a task is repeated on another worker. */
  readonly onProgress?: (progress: TaskProgress) => void;
}
