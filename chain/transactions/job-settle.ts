/** Pays out a job that ended, whichever way it ended, and whose audits are over. Anyone may post it. */
import { addressOf } from "../crypto/address.ts";
import { findJob, requirePhase } from "../job/find.ts";
import { phaseCode } from "../job/phase.ts";
import { divideEscrow } from "../job/settlement.ts";
import { type Rule, refuse } from "./rule.ts";

export const jobSettle: Rule<"job-settle"> = {
  apply(state, payload, { proposer }) {
    const { index, job } = findJob(state, payload.job);
    requirePhase(job, "finished", "failed", "cancelled");
    const open = job.audits.length;
    if (open > 0) refuse(`${open} audits are not over`, { code: "AUDITS_OPEN", open });
    const { settlement, ...payouts } = divideEscrow(job, state.parameters);
    const { participants, managers, auditors } = payouts;
    for (const { node, amount } of [...participants, ...managers, ...auditors]) {
      state.credit(addressOf(state.nodes.at(node).publicKey), amount);
    }
    state.credit(proposer, settlement.fee);
    state.credit(job.client, settlement.refund);
    if (settlement.burned > 0n) {
      state.meta = { ...state.meta, burned: state.meta.burned + settlement.burned };
    }
    state.jobs.set(index, { ...job, phase: phaseCode("settled"), settlement });
  },
};
