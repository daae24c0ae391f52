/** When something happens to an audit although nobody answers. */
import { drawnAt } from "../draw/due.ts";
import type { Audit } from "../types/audit.ts";
import type { Parameters } from "../types/genesis.ts";
import type { Job } from "../types/job.ts";
import { auditDeadline } from "./deadline.ts";
import { stageOf } from "./tick.ts";

export function auditDue(audit: Audit, job: Job, parameters: Parameters): number {
  const stage = stageOf(audit);
  const isDrawn = stage !== "drawing" && stage !== "calling";
  return isDrawn ? auditDeadline(audit, job, parameters) : drawnAt(audit.since, parameters);
}
