import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";

/** Of the phase, what a participant waits for the word of the team beyond the half. */
const GRACE = 1 / 8;

/** Whether a participant ends its part although no manager said so. */
export function isOverdue(job: Job, height: number): boolean {
  const { phaseSince, spec, extensions } = job;
  if (phaseOf(job) !== "training" || extensions > 0) return true;
  return height >= phaseSince + Math.ceil(spec.phaseBlocks * (1 / 2 + GRACE));
}

/** Whether a round takes no more work: half of its time is left for commits, and all of it when they are waited for. */
export function isHalfOver(job: Job, height: number): boolean {
  const { phaseSince, spec, extensions } = job;
  if (phaseOf(job) !== "training" || extensions > 0) return true;
  return height >= phaseSince + Math.ceil(spec.phaseBlocks / 2);
}
