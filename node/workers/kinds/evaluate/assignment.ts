import { rowsOf } from "../../../../ml/dataset/dataset-index.ts";
import type { TaskControl } from "../../task-control.ts";
import { breach } from "../../worker-error.ts";
import { chunkAt, modelFields, modelInputs } from "../model-task.ts";
import { Outputs } from "../outputs.ts";
import type { Assignment, Pool } from "../work.ts";
import type { EvaluateOrder, EvaluateOutcome } from "./order.ts";
import type { EvaluateTask, EvaluateTaskResult } from "./task.ts";

export function evaluate(
  task: EvaluateTask,
  control: TaskControl,
  pool: Pool,
): Promise<EvaluateTaskResult> {
  const attempt = () => ({ assignment: evaluateAssignment(task) });
  return pool.run({ kind: "evaluate", isUrgent: false, isRemote: false, attempt }, control);
}

function evaluateAssignment(
  task: EvaluateTask,
): Assignment<EvaluateTaskResult, EvaluateOrder, EvaluateOutcome> {
  const { split = "test", chunks } = task;
  const { index } = task.dataset;
  const size = index.classes ** 2 * Uint32Array.BYTES_PER_ELEMENT;
  const outputs = new Outputs({ confusion: size });
  return {
    order: { kind: "evaluate", ...modelFields(task), split },
    inputs: modelInputs(task, split, chunks ?? [...index[split].files.keys()]),
    limitOf: outputs.limitOf,
    onOutput: outputs.keep,
    finish(result) {
      const confusion = countsOf(outputs.take("confusion", size));
      const samples =
        chunks?.reduce((sum, at) => sum + chunkAt(index, split, at).rows, 0) ??
        rowsOf(index[split]);
      const counted = confusion.reduce((sum, count) => sum + count, 0);
      if (result.samples !== samples || counted !== samples) {
        throw breach(`an evaluation of ${counted} rows out of ${samples}`);
      }
      return { lossSum: result.lossSum, samples, confusion };
    },
  };
}

function countsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true));
}
