/**
 * The price of a place among the open jobs, and the number of places. Every open job takes memory and a share of the
 * network's attention until it is settled, however it ends, so its place costs something. The price burns: a proposer
 * that fills the places itself, in its own blocks, pays like everybody else. It doubles with every
 * `OPEN_JOBS_PER_DOUBLING` open jobs, so that keeping others out costs a thousand times what one of them pays to get
 * in.
 */
import { addressKey } from "../crypto/address.ts";
import type { State } from "../state/state.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import type { Parameters } from "../types/genesis.ts";
import type { JobSpec } from "../types/job.ts";
import { MAX_JOBS } from "../types/state.ts";
import { placesOf } from "./draw-room.ts";

/** Unsettled jobs of one client. */
export const MAX_OPEN_PER_CLIENT = 256;
/** Unsettled jobs of all clients. */
export const MAX_OPEN_JOBS = 16_384;
/** The price doubles with each group of so many open jobs. */
export const OPEN_JOBS_PER_DOUBLING = 1024;
/** A job with longer phases may stay open longer: for every so many blocks of a phase the price is paid once more. */
const PHASE_UNIT = 1000;

/** An order for many nodes takes much room in its block: for every so many places the price is paid once more. */
const PLACES_UNIT = 32;

/** @param open jobs that are open already @returns micro-POML */
export function openingPrice(
  spec: JobSpec,
  open: number,
  { feeFloor }: Pick<Parameters, "feeFloor">,
): bigint {
  const unit = feeFloor > 0n ? feeFloor : 1n;
  const phases = 1 + Math.floor(spec.phaseBlocks / PHASE_UNIT);
  const places = Math.ceil(placesOf(spec) / PLACES_UNIT);
  const doublings = Math.floor(open / OPEN_JOBS_PER_DOUBLING);
  return (unit * BigInt(phases * places)) << BigInt(doublings);
}

/** @throws TransactionError TOO_MANY_JOBS */
export function requirePlace({ jobs }: Pick<State, "jobs">, client: Uint8Array): void {
  const own = jobs.countOf(addressKey(client));
  if (own >= MAX_OPEN_PER_CLIENT) {
    refuse(
      `${own} jobs of this client are open; the limit is ${MAX_OPEN_PER_CLIENT}`,
      { code: "TOO_MANY_JOBS", open: own, limit: MAX_OPEN_PER_CLIENT },
      "wait until some of them are settled, or cancel them",
    );
  }
  if (jobs.activeCount >= MAX_OPEN_JOBS) {
    refuse(
      `${jobs.activeCount} jobs are open; the limit is ${MAX_OPEN_JOBS}`,
      { code: "TOO_MANY_JOBS", open: jobs.activeCount, limit: MAX_OPEN_JOBS },
      "wait until some of them are settled",
    );
  }
}

/** The largest number that a u32 can count. */
export const MOST_JOBS: number = MAX_JOBS - 1;

/**
 * The list of jobs, including settled ones, has so many places. An order beyond that must not stop the chain.
 * @throws TransactionError TOO_MANY_JOBS
 */
export function requireIndex(jobs: number): void {
  if (jobs < MOST_JOBS) return;
  refuse(
    `this chain has had ${jobs} jobs, and has room for no more`,
    { code: "TOO_MANY_JOBS", open: jobs, limit: MOST_JOBS },
    "order on another chain",
  );
}

/**
 * Refuses a quorum that cannot be met, before anything is lost. Nodes that are not rated yet may be rated in time.
 * @param nodes how many there are, without slashed ones
 * @throws TransactionError BAD_FIELD
 */
export function requireEnoughNodes({ quorum }: Pick<JobSpec, "quorum">, nodes: number): void {
  if (quorum <= nodes) return;
  refuseField(
    "spec.quorum",
    `it asks for ${quorum} updates in each round, but there are only ${nodes} nodes`,
    `give a quorum of at most ${nodes}`,
  );
}
