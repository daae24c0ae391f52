/**
 * A participant reports that it has no update in this round, because its training reached numbers that are not finite.
 * Nobody needs to believe it: it is not paid, and it can end the job only together with so many others that their
 * silence would have ended it, too, after three deadlines. It costs an honest node nothing, because the client chose
 * what the node had to do.
 */
import { findJob, requirePhase, requireRound } from "../job/find-job.ts";
import {
  allCommitted,
  enter,
  hasCommitted,
  hasDiverged,
  hasObjected,
  isBehind,
  isOut,
} from "../job/phase.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { workloadOf } from "../workload/workloads.ts";
import type { Rule } from "./rule.ts";

export const jobDiverged: Rule<"job-diverged"> = {
  isDuty: true,
  apply(state, payload, { sender }) {
    const { index, job } = findJob(state, payload.job);
    requirePhase(job, "training");
    requireRound(job, payload.round);
    if (!workloadOf(job.spec).canDiverge) refuseField("job", "is not one that can diverge");
    const node = state.nodeIndex(sender);
    const position = job.participants.findIndex((participant) => participant.node === node);
    const participant = job.participants[position];
    if (participant === undefined || isOut(participant)) {
      refuse("not a participant of this job", { code: "NOT_ASSIGNED", duty: "job-diverged" });
    }
    const hasAnswered = hasCommitted(participant) || hasObjected(participant.node, job);
    if (hasAnswered || hasDiverged(participant, job)) {
      refuse("answered already in this round", { code: "ALREADY_DONE", duty: "job-diverged" });
    }
    const told = { ...participant, divergedRound: job.round, missed: 0 };
    const participants = job.participants.with(position, told);
    const next = { ...job, participants };
    // The end of the block ends the job if no quorum is possible any more.
    const isReady = allCommitted(next) && !isBehind(next);
    state.jobs.set(index, isReady ? enter(next, "revealing", state.height) : next);
  },
};
