/**
 * The schedule of jobs: every job has a height at which the chain looks at it again even if no transaction touches it.
 * So a block reads only the jobs that its transactions changed and those that are due. Draws have a schedule of their
 * own (schedule/next-draw.ts).
 */
import { auditDeadline } from "../audit/deadline.ts";
import { isBehind, isOver, phaseOf } from "../job/phase.ts";
import { isToBeDrawn } from "../schedule/next-draw.ts";
import type { Parameters } from "../types/genesis.ts";
import type { Job } from "../types/job.ts";

/** For so many blocks after its end and its last audit, anybody may settle a job; then the chain does it itself. */
export const SETTLE_BLOCKS = 64;

/** @returns 0 = never, unless a transaction touches it */
export function dueOf(job: Job, height: number, parameters: Parameters): number {
  const audits = job.audits
    .filter((audit) => !isToBeDrawn(audit))
    .map((audit) => auditDeadline(audit, job, parameters));
  return [phaseDue(job, height), ...audits].reduce(earlier, 0);
}

/** Whether its time has come, in this block or before. */
export function isDue({ due }: Pick<Job, "due">, height: number): boolean {
  return due !== 0 && due <= height;
}

function phaseDue(job: Job, height: number): number {
  const deadline = job.phaseSince + job.spec.phaseBlocks;
  switch (phaseOf(job)) {
    case "drawing":
      return 0;
    case "training":
      // A job that waits for its audits is looked at whenever one of them is over.
      return isBehind(job) ? 0 : deadline;
    case "revealing":
      return deadline;
    default:
      return isOver(job) && job.audits.length === 0 ? height + SETTLE_BLOCKS : 0;
  }
}

function earlier(a: number, b: number): number {
  if (a === 0 || b === 0) return a + b;
  return a < b ? a : b;
}
