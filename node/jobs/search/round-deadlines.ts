/** When a round of a search takes no more work, and when a participant ends its part without word of the team. */
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";

/** Part of the phase, after its first half, for which a participant waits for word of the team. */
const GRACE = 1 / 8;

/** Whether a participant ends its part although no manager said so. */
export function isOverdue(job: Job, height: number): boolean {
  const { phaseSince, spec, extensions } = job;
  if (phaseOf(job) !== "training" || extensions > 0) return true;
  return height >= phaseSince + Math.ceil(spec.phaseBlocks * (1 / 2 + GRACE));
}

/** Whether a round takes no more work: half of its time is left for commits, and all of it when they are waited for. */
export function isPastHalf(job: Job, height: number): boolean {
  const { phaseSince, spec, extensions } = job;
  if (phaseOf(job) !== "training" || extensions > 0) return true;
  return height >= phaseSince + Math.ceil(spec.phaseBlocks / 2);
}
