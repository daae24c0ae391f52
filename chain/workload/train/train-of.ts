/** The training part of a job. Code of another kind never asks for it. */
import type { Job, JobRecord, JobSpec } from "../../types/job.ts";
import type { TrainProgress, TrainResult, TrainSpec } from "../../types/train.ts";

export function trainSpec({ work }: Pick<JobSpec, "work">): TrainSpec {
  return work.value;
}

export function trainProgress({ progress }: Pick<Job, "progress">): TrainProgress {
  return progress.value;
}

export function trainResult({ gain }: Pick<JobRecord, "gain">): TrainResult {
  return gain.value;
}
