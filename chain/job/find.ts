/** Looks a job up and holds it to the phase and round a rule expects. */
import type { State } from "../state/state.ts";
import { refuse } from "../transactions/rule.ts";
import type { Job, JobPhase } from "../types/job.ts";
import { phaseOf } from "./phase.ts";

export function findJob(state: State, id: Uint8Array): { index: number; job: Job } {
  const index = state.jobIndex(id);
  if (index === undefined) refuse("no such job on this chain", { code: "UNKNOWN_JOB" });
  return { index, job: state.jobs.at(index) };
}

export function requirePhase(job: Job, ...allowed: readonly JobPhase[]): void {
  const phase = phaseOf(job);
  if (!allowed.includes(phase)) {
    refuse(`the job is ${phase}, this takes ${allowed.join(" or ")}`, {
      code: "WRONG_PHASE",
      phase,
    });
  }
}

export function requireRound(job: Job, round: number): void {
  if (job.round !== round) {
    refuse(`the job is in round ${job.round}, not ${round}`, {
      code: "WRONG_ROUND",
      expected: job.round,
      actual: round,
    });
  }
}
