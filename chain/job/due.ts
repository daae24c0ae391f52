/**
 * The schedule of jobs: every job names the height at which the chain looks at it again although nobody
 * touches it. So a block reads the jobs that its transactions changed and those that are due, and no other.
 */
import { auditDue } from "../audit/due.ts";
import { drawnAt } from "../draw/due.ts";
import type { Parameters } from "../types/genesis.ts";
import type { Job } from "../types/job.ts";
import { isBehind, isOver, phaseOf } from "./phase.ts";

/** A job that cannot be drawn is tried so many times, spread over its first phase. */
export const DRAW_TRIES = 4;
/** So long after its end and its last audit anybody may settle a job; then the chain does it itself. */
export const SETTLE_BLOCKS = 64;

/** @returns 0 = never, unless a transaction touches it */
export function dueOf(job: Job, height: number, parameters: Parameters): number {
  const audits = job.audits.map((audit) => auditDue(audit, job, parameters));
  return [phaseDue(job, height, parameters), ...audits].reduce(earlier, 0);
}

function phaseDue(job: Job, height: number, parameters: Parameters): number {
  const deadline = job.phaseSince + job.spec.phaseBlocks;
  switch (phaseOf(job)) {
    case "drawing":
      return nextTry(job, height, parameters) ?? height + 1;
    case "training":
      // One that waits for its audits is looked at whenever one of them is over.
      return isBehind(job) ? 0 : deadline;
    case "revealing":
      return deadline;
    default:
      return isOver(job) && job.audits.length === 0 ? height + SETTLE_BLOCKS : 0;
  }
}

/** The first height above this one at which the job is drawn; undefined after the last. */
export function nextTry(
  { openedAt, spec }: Job,
  height: number,
  parameters: Parameters,
): number | undefined {
  for (let i = 0; i < DRAW_TRIES; i++) {
    const later = Math.floor((i * (spec.phaseBlocks - 1)) / (DRAW_TRIES - 1));
    const at = drawnAt(openedAt, parameters) + later;
    if (at > height) return at;
  }
  return undefined;
}

function earlier(a: number, b: number): number {
  if (a === 0 || b === 0) return a + b;
  return a < b ? a : b;
}
