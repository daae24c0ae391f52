/**
 * A drawn node says that it will not work on an order, and why. If most of the drawn nodes give the same reason, the
 * job ends at once as impossible, and its client pays for their time (chain/job/objections.ts).
 */
import { takeUnrecorded } from "../audit/open-audits.ts";
import { findJob, requirePhase } from "../job/find-job.ts";
import { drawnNodes, isImpossible } from "../job/objections.ts";
import {
  allCommitted,
  end,
  enter,
  hasCommitted,
  hasObjected,
  isBehind,
  phaseOf,
} from "../job/phase.ts";
import type { State } from "../state/state.ts";
import { checkIndex, refuse, refuseField } from "../transaction-error.ts";
import { type Job, OBJECTIONS } from "../types/job.ts";
import type { Rule } from "./rule.ts";

export const jobObject: Rule<"job-object"> = {
  isDuty: true,
  apply(state, payload, { sender, draws }) {
    const { index, job } = findJob(state, payload.job);
    requirePhase(job, "training", "revealing");
    checkIndex("reason", payload.reason, OBJECTIONS);
    const node = state.nodeIndex(sender);
    if (node === undefined || !drawnNodes(job).has(node)) {
      refuse("not drawn for this job", { code: "NOT_ASSIGNED", duty: "job-object" });
    }
    const own = job.participants.find((participant) => participant.node === node);
    if (hasObjected(node, job) || (own !== undefined && hasCommitted(own))) {
      refuse("answered already", { code: "ALREADY_DONE", duty: "job-object" });
    }
    const name = OBJECTIONS[payload.reason];
    if (name !== "declined" && job.round > 1) {
      refuseField("reason", `${name}, but a round of this job is recorded: it is possible`);
    }
    const objections = [...job.objections, { node, reason: payload.reason }].sort(
      (a, b) => a.node - b.node,
    );
    const next = after(state, { ...job, objections });
    draws.takeUpdates(next.audits.length - job.audits.length);
    state.jobs.set(index, next);
  },
};

function after(state: State, job: Job): Job {
  if (isImpossible(job)) {
    return end(takeUnrecorded(state, job), "impossible", state.height);
  }
  // The end of the block ends the job if no quorum is possible any more.
  const isReady = phaseOf(job) === "training" && allCommitted(job) && !isBehind(job);
  return isReady ? enter(job, "revealing", state.height) : job;
}
