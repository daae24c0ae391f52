/** Pays out a job that ended, whichever way it ended. Anyone may post it. */
import { addressOf } from "../crypto/address.ts";
import { findJob, requirePhase } from "../job/find.ts";
import { phaseCode } from "../job/phase.ts";
import { divideEscrow } from "../job/settlement.ts";
import type { Rule } from "./rule.ts";

export const jobSettle: Rule<"job-settle"> = {
  apply(state, payload, { proposer }) {
    const { index, job } = findJob(state, payload.job);
    requirePhase(job, "finished", "failed", "cancelled");
    const { settlement, participants, managers } = divideEscrow(job, state.parameters);
    for (const { node, amount } of [...participants, ...managers]) {
      state.credit(addressOf(state.nodes.at(node).publicKey), amount);
    }
    state.credit(proposer, settlement.fee);
    state.credit(job.client, settlement.refund);
    state.jobs.set(index, { ...job, phase: phaseCode("settled"), settlement });
  },
};
