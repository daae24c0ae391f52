/**
 * The client stops its job. Recorded rounds are paid, and so are the commits of this round, if their audits find
 * nothing wrong. From the block after the opening on, when the team may be known, the price in
 * chain/job/ending-price.ts is due; after an objection at least the charge for an impossible order (objections.ts). A
 * job cannot be cancelled while updates are being revealed, because they are what the client ordered.
 */
import { takeUnrecorded } from "../audit/open-audits.ts";
import { equalBytes } from "../crypto/hash.ts";
import { charged } from "../job/ending-price.ts";
import { findJob, requirePhase } from "../job/find-job.ts";
import { end } from "../job/phase.ts";
import { refuse } from "../transaction-error.ts";
import type { Rule } from "./rule.ts";

export const jobCancel: Rule<"job-cancel"> = {
  apply(state, payload, { address, draws }) {
    const { index, job } = findJob(state, payload.job);
    requirePhase(job, "drawing", "training");
    if (!equalBytes(job.client, address)) {
      refuse("only the client that opened a job can cancel it", {
        code: "NOT_ASSIGNED",
        duty: "job-cancel",
      });
    }
    const { height, parameters } = state;
    const paid = height > job.openedAt ? charged(job, parameters) : job;
    const taken = takeUnrecorded(state, paid);
    draws.takeUpdates(taken.audits.length - job.audits.length);
    state.jobs.set(index, end(taken, "cancelled", height));
  },
};
