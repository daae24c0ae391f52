import type { ImportTask } from "../../datasets/import-tasks.ts";
import type { TaskJson } from "../contract/task.ts";
import { internalProblem, problemOf } from "../problem.ts";
import { datasetJson } from "./dataset.ts";

export function taskJson(task: ImportTask): TaskJson {
  const { id, state, progress, step, started, ended, result, error } = task;
  return {
    id,
    kind: "dataset-import",
    state,
    progress,
    step,
    started,
    ...(ended === undefined ? {} : { ended }),
    ...(result === undefined ? {} : { dataset: datasetJson(result) }),
    ...(error === undefined ? {} : { problem: problemOf(error) ?? internalProblem() }),
  };
}
