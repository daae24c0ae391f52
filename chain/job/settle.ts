/** Settles a job: its escrow is divided, and the job never changes again. */
import { addressOf } from "../crypto/address.ts";
import type { State } from "../state/state.ts";
import type { Job } from "../types/job.ts";
import { phaseCode } from "./phase.ts";
import { divideEscrow } from "./settlement.ts";

/**
 * @param job it and its audits must be over
 * @param proposer account that earns the fee
 * @returns the settled job, which the caller must write
 */
export function settle(state: State, job: Job, proposer: Uint8Array): Job {
  const { settlement, ...payouts } = divideEscrow(job, state.parameters);
  const { participants, managers, auditors, finders } = payouts;
  for (const { node, amount } of [...participants, ...managers, ...auditors, ...finders]) {
    state.credit(addressOf(state.nodes.at(node).publicKey), amount);
  }
  state.credit(proposer, settlement.fee);
  state.credit(job.client, settlement.refund);
  if (settlement.burned > 0n) {
    state.meta = { ...state.meta, burned: state.meta.burned + settlement.burned };
  }
  return { ...job, phase: phaseCode("settled"), due: 0, settlement };
}
