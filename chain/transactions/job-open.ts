/** Opens a job: checks the order and takes the escrow. The draw follows `drawDelay` blocks later. */
import { drawnParticipants } from "../job/draw-room.ts";
import {
  openingPrice,
  requireEnoughNodes,
  requireIndex,
  requirePlace,
} from "../job/opening-price.ts";
import { enter } from "../job/phase.ts";
import { jobPrice } from "../job/price.ts";
import { checkRange, refuse } from "../transaction-error.ts";
import type { Parameters } from "../types/genesis.ts";
import type { Job, JobSpec } from "../types/job.ts";
import { MAX_PARTICIPANTS, MAX_TEAM } from "../types/primitive.ts";
import { workloadOf } from "../workload/workloads.ts";
import type { Rule } from "./rule.ts";

/** So that no single node decides about a round. In a network with fewer nodes, all of them are drawn. */
export const MIN_TEAM = 3;
const MIN_PHASE_BLOCKS = 4;
/** Two extensions of this length still end within a day of one-second blocks. */
export const MAX_PHASE_BLOCKS = 43_200;

const NOT_SETTLED = {
  participants: 0n,
  managers: 0n,
  auditors: 0n,
  fee: 0n,
  refund: 0n,
  burned: 0n,
  bonus: 0n,
};

export const jobOpen: Rule<"job-open"> = {
  spends: ({ escrow }) => escrow,
  apply(state, { spec, escrow }, { address, id, draws }) {
    checkJobSpec(spec, state.parameters);
    requireEnoughNodes(spec, state.nodes.activeCount);
    requirePlace(state, address);
    requireIndex(state.jobs.length);
    const opening = openingPrice(spec, state.jobs.activeCount, state.parameters);
    const price = jobPrice(spec, state.parameters) + opening;
    if (escrow < price) {
      refuse(
        `budget ${escrow} is below the price ${price} of this job, ${opening} of it for its place`,
        { code: "BUDGET_BELOW_PRICE", budget: escrow, price },
        "raise the budget, or ask for fewer rounds, epochs or rows",
      );
    }
    draws.takeOrder(spec);
    const account = state.account(address);
    state.putAccount({ ...account, balance: account.balance - escrow });
    const job: Job = {
      id,
      client: address,
      spec,
      escrow,
      opening,
      phase: 0,
      outcome: 0,
      round: 0,
      openedAt: state.height,
      phaseSince: state.height,
      extensions: 0,
      closedAt: 0,
      due: 0,
      team: [],
      credits: [],
      participants: [],
      audits: [],
      auditors: [],
      progress: workloadOf(spec).start(spec),
      settlement: NOT_SETTLED,
      refused: [],
      objections: [],
      expelled: [],
    };
    state.jobs.push(enter(job, "drawing", state.height));
  },
};

/**
 * The checks of an order that do not concern the money.
 * @throws TransactionError BAD_FIELD
 */
export function checkJobSpec(spec: JobSpec, parameters: Parameters): void {
  const { participants, quorum, teamSize, phaseBlocks } = spec;
  checkRange("spec.participants", participants, 1, MAX_PARTICIPANTS);
  workloadOf(spec).check(spec, parameters);
  checkRange("spec.quorum", quorum, 1, drawnParticipants(spec));
  checkRange("spec.teamSize", teamSize, MIN_TEAM, MAX_TEAM);
  checkRange("spec.phaseBlocks", phaseBlocks, MIN_PHASE_BLOCKS, MAX_PHASE_BLOCKS);
}
