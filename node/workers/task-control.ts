/** What a caller may say of any task while it runs, and hears of it. */
export interface TaskProgress {
  /** Steps (of a lane: segments; of a search: nonces) done. */
  readonly step: number;
  /** Steps in all; of a lane its limit. */
  readonly steps: number;
  /** Loss of the last batch; undefined where there is none. */
  readonly loss: number | undefined;
}

export interface TaskControl {
  /** From now, waiting in the queue and repeated attempts included. */
  readonly deadlineMs: number;
  /** Gives the task up; its promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Goes back to the start when a task is repeated on another worker. */
  readonly onProgress?: (progress: TaskProgress) => void;
}
