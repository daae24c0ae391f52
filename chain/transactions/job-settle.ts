/**
 * Pays out a job that has ended in any way, and whose audits are over. Anyone may post it; if nobody does, the chain
 * settles the job itself some blocks later.
 */
import { findJob, requirePhase } from "../job/find-job.ts";
import { settle } from "../job/settle.ts";
import { refuse } from "../transaction-error.ts";
import type { Rule } from "./rule.ts";

export const jobSettle: Rule<"job-settle"> = {
  isDuty: true,
  apply(state, payload, { proposer }) {
    const { index, job } = findJob(state, payload.job);
    requirePhase(job, "finished", "failed", "cancelled");
    const open = job.audits.length;
    if (open > 0) refuse(`${open} audits are not over`, { code: "AUDITS_OPEN", open });
    state.jobs.set(index, settle(state, job, proposer));
  },
};
