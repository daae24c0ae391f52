/** A search has a certificate only once it is over. */
import { toHex } from "../../../chain/crypto/hash.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import { JobError } from "../job-error.ts";
import { describeOutcome } from "../job-outcome.ts";

/** @throws JobError JOB_NOT_FINISHED */
export function requireFinished(job: Job): void {
  const phase = phaseOf(job);
  if (phase === "finished" || phase === "settled") return;
  const id = toHex(job.id);
  throw new JobError(
    `job ${id} is not over: ${describeOutcome(job).reason}`,
    { code: "JOB_NOT_FINISHED", job: id, phase },
    { action: "local", remedy: "wait for its end; `npx poml job watch` shows it" },
  );
}
