/**
 * Finds a job and checks that it is in the phase and round that a rule expects. For the rules a settled job is as
 * unknown as one that never existed, because its record is not part of the state in memory. Its id cannot appear again:
 * it is the id of a transaction, and the nonce of an account only grows.
 */
import type { State } from "../state/state.ts";
import { refuse } from "../transaction-error.ts";
import type { Job, JobPhase } from "../types/job.ts";
import { phaseOf } from "./phase.ts";

export function findJob(state: State, id: Uint8Array): { index: number; job: Job } {
  const index = state.jobIndex(id);
  const job = index === undefined ? undefined : state.jobs.get(index);
  if (index !== undefined && job !== undefined && phaseOf(job) !== "settled") return { index, job };
  refuse("no such job is under way: it is settled, or never existed on this chain", {
    code: "UNKNOWN_JOB",
  });
}

export function requirePhase(job: Job, ...allowed: readonly JobPhase[]): void {
  const phase = phaseOf(job);
  if (!allowed.includes(phase)) {
    refuse(`the job is ${phase}, but this is possible only while it is ${allowed.join(" or ")}`, {
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
