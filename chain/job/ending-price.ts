/**
 * The price that a client pays if its job ends before the work is done, so that nobody opens jobs only to see which
 * nodes are drawn. A client that has its team drawn again can gain the managers' share of the rounds that are left,
 * which its own nodes would earn. So one try costs exactly this share, and it is burned: no node gets any of it back. A
 * quorum above half of the participants lets a few of them end a job, and these may belong to the client; so the client
 * pays in this case, too. If half of the participants or more do not deliver, the client could not cause it.
 */
import type { Parameters } from "../types/genesis.ts";
import type { Job } from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";
import { fullPay, managerPay } from "./price.ts";

/** The managers' share of all rounds that have no record. */
export function endingPrice(job: Job, parameters: Parameters): bigint {
  const { spec } = job;
  return managerPay(workloadOf(spec).unitsLeft(job) * spec.pricePerUnit, parameters);
}

/** The job with this price added to what burns at its settlement; call it before the job ends. */
export function charged(job: Job, parameters: Parameters): Job {
  const { escrow, opening, spec } = job;
  const forfeited = forfeitedBonus(job);
  const price = endingPrice(job, parameters) + forfeited;
  // A vote may have raised the share since the job was opened: what participants can earn must not be reduced.
  const limit = escrow - opening - fullPay(spec) - workloadOf(spec).bonus(spec) + forfeited;
  return { ...job, opening: opening + (price < limit ? price : limit) };
}

/**
 * A client may learn of a find before a record names it, but it must not save money by ending its job then: what it
 * promised for finds burns with the rest, unless recorded finds already share it.
 */
function forfeitedBonus(job: Job): bigint {
  const workload = workloadOf(job.spec);
  const isUnderWay = job.round > 0 && workload.bonusShares(job).length === 0;
  return isUnderWay ? workload.bonus(job.spec) : 0n;
}

/**
 * The job, ended because there was no quorum.
 * @param left participants that delivered, or still could
 */
export function chargedForQuorum(job: Job, parameters: Parameters, left: number): Job {
  return 2 * left > job.participants.length ? charged(job, parameters) : job;
}
