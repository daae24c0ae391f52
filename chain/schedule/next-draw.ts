/**
 * The draw for which a job waits. A draw is never postponed: it uses the mix of exactly the height that lies
 * `drawDelay` after what it depends on. If a draw could wait for a block with time for it, a proposer that knows the
 * mix of its own block could choose which block that is.
 */

import { AUDIT_STAGES, type Audit } from "../types/audit.ts";
import type { Parameters } from "../types/genesis.ts";
import { JOB_PHASES, type Job } from "../types/job.ts";
import { drawnAt } from "./drawn-at.ts";

const DRAWING_JOB = JOB_PHASES.indexOf("drawing");
const DRAWING = AUDIT_STAGES.indexOf("drawing");
const CALLING = AUDIT_STAGES.indexOf("calling");

/** Whether an auditor or a committee must still be drawn. */
export function isToBeDrawn({ stage }: Pick<Audit, "stage">): boolean {
  return stage === DRAWING || stage === CALLING;
}

/** @returns the height of the first draw of team and participants, auditors or a committee; 0 = none */
export function nextDraw(
  { phase, phaseSince, audits }: Pick<Job, "phase" | "phaseSince" | "audits">,
  parameters: Pick<Parameters, "drawDelay">,
): number {
  if (phase === DRAWING_JOB) return drawnAt(phaseSince, parameters);
  let first = 0;
  for (const audit of audits) {
    if (isToBeDrawn(audit) && (first === 0 || audit.since < first)) first = audit.since;
  }
  return first === 0 ? 0 : drawnAt(first, parameters);
}
