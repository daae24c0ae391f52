import type { Split } from "../../../../ml/dataset/manifest.ts";
import type { Evaluation } from "../../../../ml/engine.ts";
import type { ModelTask } from "../model-task.ts";

/** Computes loss and confusion counts over test chunks. */
export interface EvaluateTask extends ModelTask {
  /** Default `test`. */
  readonly split?: Split;
  /** Indexes of the chunks; default all. */
  readonly chunks?: readonly number[];
}

export type EvaluateTaskResult = Evaluation;
