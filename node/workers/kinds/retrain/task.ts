import type { TrainTask } from "../train/task.ts";

/** Re-execution of one segment of somebody's training. */
export interface RetrainTask extends TrainTask {
  /** From 0. */
  readonly segment: number;
  /** The encoded checkpoint that was served; none for the first segment. */
  readonly startState: Uint8Array | undefined;
}

/** `stateHash` of what an honest run goes through. */
export interface RetrainTaskResult {
  /** At the beginning of the run. */
  readonly origin: Uint8Array;
  /** At the end of the segment. */
  readonly end: Uint8Array;
}
