/**
 * A participant binds itself to an update by its hash, so that nobody can copy the update when it is revealed later.
 */
import { findJob, requirePhase, requireRound } from "../job/find-job.ts";
import { allCommitted, enter, hasCommitted, hasObjected, isBehind, isOut } from "../job/phase.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { workloadOf } from "../workload/workloads.ts";
import type { Rule } from "./rule.ts";

export const jobCommit: Rule<"job-commit"> = {
  isDuty: true,
  apply(state, payload, { sender }) {
    const { index, job } = findJob(state, payload.job);
    requirePhase(job, "training");
    requireRound(job, payload.round);
    const node = state.nodeIndex(sender);
    const position = job.participants.findIndex((participant) => participant.node === node);
    const participant = job.participants[position];
    if (participant === undefined) {
      refuse("not a participant of this job", { code: "NOT_ASSIGNED", duty: "job-commit" });
    }
    if (isOut(participant)) {
      refuse(
        `is excluded from this job: its update of round ${participant.faultRound} was proven false`,
        {
          code: "NOT_ASSIGNED",
          duty: "job-commit",
        },
      );
    }
    if (hasCommitted(participant) || hasObjected(participant.node, job)) {
      refuse("answered already", { code: "ALREADY_DONE", duty: "job-commit" });
    }
    if (!hasCommitted(payload)) refuseField("updateHash", "must be the hash of an update");
    workloadOf(job.spec).checkUnits(job, payload.units);
    const { updateHash, checkpointRoot, units, workMs, updateBytes } = payload;
    const participants = job.participants.map((old, i) =>
      i === position
        ? { ...old, updateHash, checkpointRoot, units, workMs, updateBytes, missed: 0 }
        : old,
    );
    const next = { ...job, participants };
    const isReady = allCommitted(next) && !isBehind(next);
    state.jobs.set(index, isReady ? enter(next, "revealing", state.height) : next);
  },
};
