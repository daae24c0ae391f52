/**
 * What a place among the open jobs costs, and how many there are. Every open job takes memory and a share of the
 * network's attention until it is settled, whatever becomes of it, so its place is paid for. The price burns: a
 * proposer that fills the places itself, in its own blocks, pays like anybody else. It doubles with every so many
 * open jobs, so that shutting others out costs a thousand times what it costs one of them to get in.
 */
import { addressKey } from "../crypto/address.ts";
import type { State } from "../state/state.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import type { Parameters } from "../types/genesis.ts";
import type { JobSpec } from "../types/job.ts";
import { MAX_JOBS } from "../types/state.ts";
import { placesOf } from "./draw-room.ts";

/** Jobs of one client that are not settled. */
export const MAX_OPEN_PER_CLIENT = 256;
/** Jobs of all clients that are not settled. */
export const MAX_OPEN_JOBS = 16_384;
/** The price doubles with each of these. */
export const OPEN_JOBS_PER_DOUBLING = 1024;
/** A job with longer phases may stand open longer: every so many blocks of a phase the price is paid once more. */
const PHASE_UNIT = 1000;

/** An order of many nodes takes the room of many in its block: every so many places the price is paid once more. */
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
      `${own} jobs of this client are open, and no more than ${MAX_OPEN_PER_CLIENT} may be`,
      { code: "TOO_MANY_JOBS", open: own, limit: MAX_OPEN_PER_CLIENT },
      "wait until some of them are settled, or cancel them",
    );
  }
  if (jobs.activeCount >= MAX_OPEN_JOBS) {
    refuse(
      `${jobs.activeCount} jobs are open, and no more than ${MAX_OPEN_JOBS} may be`,
      { code: "TOO_MANY_JOBS", open: jobs.activeCount, limit: MAX_OPEN_JOBS },
      "wait until some of them are settled",
    );
  }
}

/** So many as a u32 counts. */
export const MOST_JOBS: number = MAX_JOBS - 1;

/**
 * The list of jobs, settled ones included, has so many places. An order beyond them must not stop the chain.
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
 * A quorum that cannot be met is refused while nothing is lost. Nodes that are not rated yet may be in time.
 * @param nodes how many there are, the slashed ones left out
 * @throws TransactionError BAD_FIELD
 */
export function requireEnoughNodes({ quorum }: Pick<JobSpec, "quorum">, nodes: number): void {
  if (quorum <= nodes) return;
  refuseField(
    "spec.quorum",
    `${quorum} updates of each round are asked for, and there are ${nodes} nodes`,
    `give a quorum of at most ${nodes}`,
  );
}
