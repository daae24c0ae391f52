/**
 * What it costs a client to end its job before the work is done, so that nobody opens jobs only to see whom they draw.
 *
 * Whoever draws teams anew can gain the managers' share of what is left, which its own nodes would earn. So that is
 * the price of one try, and it is burned: neither its nodes nor anybody else's get any of it back. A quorum above
 * half of the participants lets a few of them end a job, and they may be the client's; it pays for that too. Where half
 * of the participants or more do not deliver, it was not in the client's hands.
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

/** The job with that price among what burns at its settlement; call it before the job's end. */
export function charged(job: Job, parameters: Parameters): Job {
  const { escrow, opening, spec } = job;
  const forfeited = forfeitedBonus(job);
  const price = endingPrice(job, parameters) + forfeited;
  // A vote may have raised the share since the job was opened: what participants can earn is not touched.
  const limit = escrow - opening - fullPay(spec) - workloadOf(spec).bonus(spec) + forfeited;
  return { ...job, opening: opening + (price < limit ? price : limit) };
}

/**
 * A client may hear of a find before a record names it. It saves nothing if it ends its job then: what it promised for
 * finds burns with the rest, unless recorded finds share it already.
 */
function forfeitedBonus(job: Job): bigint {
  const workload = workloadOf(job.spec);
  const isUnderWay = job.round > 0 && workload.bonusShares(job).length === 0;
  return isUnderWay ? workload.bonus(job.spec) : 0n;
}

/** The job at its end for want of a quorum. @param left participants that delivered, or still could */
export function chargedForQuorum(job: Job, parameters: Parameters, left: number): Job {
  return 2 * left > job.participants.length ? charged(job, parameters) : job;
}
