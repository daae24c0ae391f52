import type { TrainTask } from "../train/task.ts";

/** The replay of one segment of another node's training. */
export interface RetrainTask extends TrainTask {
  /** From 0. */
  readonly segment: number;
  /** The encoded checkpoint that was served; none for the first segment. */
  readonly startState: Uint8Array | undefined;
}

/** The `stateHash` of the states that an honest run passes. */
export interface RetrainTaskResult {
  /** At the beginning of the run. */
  readonly origin: Uint8Array;
  /** At the end of the segment. */
  readonly end: Uint8Array;
}
