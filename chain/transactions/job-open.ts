/** Opens a training job: the order is checked, the escrow taken; the draw follows `drawDelay` blocks later. */
import { openingPrice, requireEnoughNodes, requireIndex, requirePlace } from "../job/opening.ts";
import { enter } from "../job/phase.ts";
import { jobPrice, lowestPrice } from "../job/price.ts";
import type { Parameters } from "../types/genesis.ts";
import {
  JOB_AGGREGATIONS,
  JOB_ENGINES,
  JOB_KINDS,
  JOB_PARTITIONS,
  type Job,
  type JobSpec,
} from "../types/job.ts";
import { JOB_LOSSES } from "../types/optimizer.ts";
import { MAX_PARTICIPANTS, MAX_TEAM, ZERO_HASH } from "../types/primitive.ts";
import { checkOptimizer } from "./check-optimizer.ts";
import { checkIndex, type Rule, refuse, refuseField } from "./rule.ts";

const MILLION = 1_000_000;
/** So that no node alone speaks for a round. A network with fewer nodes draws all of them. */
export const MIN_TEAM = 3;
export const MAX_ROUNDS = 10_000;
/** The most operations that one sample step may cost. */
export const MAX_OPERATIONS = 1_000_000_000_000_000n;
export const MIN_PHASE_BLOCKS = 4;
/** Two extensions of this length still end within a day of one-second blocks. */
export const MAX_PHASE_BLOCKS = 43_200;

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
      parameters: spec.initialParameters,
      metrics: { loss: 0n, accuracy: 0, precision: 0, recall: 0, f1: 0 },
      settlement: { participants: 0n, managers: 0n, auditors: 0n, fee: 0n, refund: 0n, burned: 0n },
      refused: [],
      objections: [],
    };
    state.jobs.push(enter(job, "drawing", state.height));
  },
};

/** What the chain refuses of an order before it looks at the money. @throws TransactionError BAD_FIELD */
export function checkJobSpec(spec: JobSpec, parameters: Parameters): void {
  const between = (field: string, value: number, low: number, high: number): void => {
    if (value < low || value > high) {
      const reason = `must be ${low} to ${high}, got ${value}`;
      refuseField(`spec.${field}`, reason, `give ${field} in that range`);
    }
  };
  checkIndex("spec.kind", spec.kind, JOB_KINDS);
  checkIndex("spec.engine", spec.engine, JOB_ENGINES);
  checkIndex("spec.partition", spec.partition, JOB_PARTITIONS);
  checkIndex("spec.aggregation", spec.aggregation, JOB_AGGREGATIONS);
  between("parameterCount", spec.parameterCount, 1, 100 * MILLION);
  if (spec.operations < 1n || spec.operations > MAX_OPERATIONS) {
    const reason = `must be 1 to ${MAX_OPERATIONS}, got ${spec.operations}`;
    refuseField("spec.operations", reason, "give what the model costs by the cost model");
  }
  between("trainRows", spec.trainRows, 1, 100 * MILLION);
  between("trainChunks", spec.trainChunks, 1, Math.min(spec.trainRows, 65_535));
  between("testRows", spec.testRows, 1, 100 * MILLION);
  between("rounds", spec.rounds, 1, MAX_ROUNDS);
  between("localEpochs", spec.localEpochs, 1, 100);
  between("batchSize", spec.batchSize, 1, 4096);
  checkOptimizer(spec.optimizer);
  checkIndex("spec.loss", spec.loss, JOB_LOSSES);
  between("participants", spec.participants, 1, MAX_PARTICIPANTS);
  // No participant is drawn without a chunk of its own.
  between("quorum", spec.quorum, 1, Math.min(spec.participants, spec.trainChunks));
  between("teamSize", spec.teamSize, MIN_TEAM, MAX_TEAM);
  between("phaseBlocks", spec.phaseBlocks, MIN_PHASE_BLOCKS, MAX_PHASE_BLOCKS);
  between("targetAccuracy", spec.targetAccuracy, 0, MILLION);
  const lowest = lowestPrice(spec, parameters);
  if (spec.pricePerSample < lowest) {
    refuseField(
      "spec.pricePerSample",
      `at least ${lowest} for ${spec.operations} operations a sample step, got ${spec.pricePerSample}`,
      `give at least ${lowest}`,
    );
  }
  for (const field of ["model", "initialParameters", "dataset", "torrent"] as const) {
    if (spec[field].every((byte, i) => byte === ZERO_HASH[i])) {
      refuseField(`spec.${field}`, "must be the hash of a blob");
    }
  }
}
