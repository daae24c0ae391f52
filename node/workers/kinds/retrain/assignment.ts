import { fromHex, toHex } from "../../../../chain/crypto/hash.ts";
import { SEGMENTS } from "../../../../chain/workload/train/segments.ts";
import { inMemory } from "../../blob-source.ts";
import type { TaskControl } from "../../task-control.ts";
import { modelFields, modelInputs } from "../model-task.ts";
import { type Assignment, NO_OUTPUTS, type Pool } from "../work.ts";
import type { RetrainOrder, RetrainOutcome } from "./order.ts";
import type { RetrainTask, RetrainTaskResult } from "./task.ts";

export function retrain(
  task: RetrainTask,
  control: TaskControl,
  pool: Pool,
): Promise<RetrainTaskResult> {
  const attempt = () => ({ assignment: retrainAssignment(task) });
  return pool.run({ kind: "retrain", isUrgent: false, isRemote: false, attempt }, control);
}

function retrainAssignment(
  task: RetrainTask,
): Assignment<RetrainTaskResult, RetrainOrder, RetrainOutcome> {
  const { epochs, segments = SEGMENTS, seed, segment, startState } = task;
  const start = startState === undefined ? [] : [inMemory(startState)];
  return {
    ...NO_OUTPUTS,
    order: {
      kind: "retrain",
      ...modelFields(task),
      epochs,
      segments,
      seed: toHex(seed),
      segment,
    },
    inputs: [
      ...modelInputs(task, "train", task.chunks),
      { name: "startState", blobs: start, isKept: false },
    ],
    finish: ({ origin, end }) => ({ origin: fromHex(origin), end: fromHex(end) }),
  };
}
