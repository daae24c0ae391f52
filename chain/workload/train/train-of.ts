/** The training part of a job, for code that only handles training. */
import type { Job, JobRecord, JobSpec } from "../../types/job.ts";
import type { TrainProgress, TrainResult, TrainSpec } from "../../types/train.ts";

/** @throws RangeError for another kind of work */
export function trainSpec({ work }: Pick<JobSpec, "work">): TrainSpec {
  return work.selector === 0 ? work.value : noTraining(work);
}

/** @throws RangeError for another kind of work */
export function trainProgress({ progress }: Pick<Job, "progress">): TrainProgress {
  return progress.selector === 0 ? progress.value : noTraining(progress);
}

/** @throws RangeError for another kind of work */
export function trainResult({ gain }: Pick<JobRecord, "gain">): TrainResult {
  return gain.selector === 0 ? gain.value : noTraining(gain);
}

function noTraining({ selector }: { readonly selector: number }): never {
  throw new RangeError(`kind of work ${selector} is no training`);
}
