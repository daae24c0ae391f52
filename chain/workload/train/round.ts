/** One round of training: what its record must fit, and what follows from it. */
import { equalBytes } from "../../crypto/hash.ts";
import { refuse } from "../../transaction-error.ts";
import type { Job, JobRecord } from "../../types/job.ts";
import { ZERO_HASH } from "../../types/primitive.ts";
import type { Advance } from "../workload.ts";
import { keepsState } from "./check-aggregation.ts";
import { trainProgress, trainResult, trainSpec } from "./train-of.ts";

/** @throws TransactionError RECORD_MISMATCH */
export function checkTrainRecord(job: Job, record: JobRecord): void {
  const mismatch = (field: string): never =>
    refuse(`${field} of the record does not fit the job`, { code: "RECORD_MISMATCH", field });
  const { modelBefore, serverState } = trainResult(record);
  if (!equalBytes(modelBefore, trainProgress(job).parameters)) mismatch("modelBefore");
  const { localEpochs, trainRows, aggregation } = trainSpec(job.spec);
  if (keepsState(aggregation) === equalBytes(serverState, ZERO_HASH)) mismatch("serverState");
  const samples = record.contributions.reduce((total, { units }) => total + units, 0);
  if (samples > localEpochs * trainRows) mismatch("contributions");
}

export function advance({ spec }: Job, record: JobRecord): Advance {
  const { rounds, targetAccuracy } = trainSpec(spec);
  const { modelAfter, serverState, metrics } = trainResult(record);
  const isReached = targetAccuracy > 0 && metrics.accuracy >= targetAccuracy;
  const outcome = record.round >= rounds ? "complete" : isReached ? "target" : undefined;
  const value = { parameters: modelAfter, serverState, metrics };
  return { progress: { selector: 0, value }, outcome };
}
