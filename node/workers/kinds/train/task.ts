import type { TaskControl } from "../../task-control.ts";
import type { ModelTask } from "../model-task.ts";

/** Local training of one round. */
export interface TrainTask extends ModelTask {
  /** Indexes of the train chunks in the shard. */
  readonly chunks: readonly number[];
  readonly epochs: number;
  /** 32 bytes, different for each job, round and participant. */
  readonly seed: Uint8Array;
  /** Audited parts; default SEGMENTS of chain/workload/train/segments.ts. */
  readonly segments?: number;
}

export interface TrainTaskResult {
  readonly parameters: Float32Array;
  readonly steps: number;
  /** Sample steps: rows x epochs. */
  readonly samples: number;
  readonly meanLoss: number;
  /** `stateHash` (ml/training/checkpoint.ts) at the segments + 1 boundaries. */
  readonly checkpoints: readonly Uint8Array[];
  /** SHA-256 of the optimizer's values at the end. */
  readonly optimizerHash: Uint8Array;
  /** On the worker, without waiting and transfers. */
  readonly durationMs: number;
}

export interface TrainControl extends TaskControl {
  /**
   * Called with the encoded state at every boundary between two segments; the first has index 1. Keep the states to
   * serve auditors. A task that is repeated on another worker gives the same states again.
   */
  readonly onState?: (index: number, state: Uint8Array) => void;
}
