/** Division of a job's escrow: participants, managers, fee, and the rest back to the client. */
import { rateFee } from "../transactions/fee.ts";
import type { Parameters } from "../types/genesis.ts";
import type { Job, Settlement } from "../types/job.ts";
import { managerPay } from "./price.ts";

export interface Payout {
  /** Node index. */
  readonly node: number;
  readonly amount: bigint;
}

export interface Division {
  readonly settlement: Settlement;
  readonly participants: readonly Payout[];
  readonly managers: readonly Payout[];
}

/** participants + managers + fee + refund = escrow, to the micro-unit. */
export function divideEscrow(job: Job, parameters: Parameters): Division {
  const participants = job.participants.map(({ node, paidSamples }) => ({
    node,
    amount: paidSamples * job.spec.pricePerSample,
  }));
  const participantsTotal = sum(participants);
  const managers = divideByCredits(job, managerPay(participantsTotal, parameters));
  const managersTotal = sum(managers);
  const work = participantsTotal + managersTotal;
  const fee = work === 0n ? 0n : rateFee(work, parameters);
  const refund = job.escrow - work - fee;
  if (refund < 0n) throw new RangeError(`job ${job.openedAt} spent ${-refund} over its escrow`);
  return {
    settlement: { participants: participantsTotal, managers: managersTotal, fee, refund },
    participants,
    managers,
  };
}

/** Rounding dust stays with the client. */
function divideByCredits(job: Job, total: bigint): Payout[] {
  const credits = job.credits.reduce((all, credit) => all + BigInt(credit), 0n);
  if (credits === 0n) return [];
  return job.team.map((node, member) => ({
    node,
    amount: (total * BigInt(job.credits[member] ?? 0)) / credits,
  }));
}

function sum(payouts: readonly Payout[]): bigint {
  return payouts.reduce((total, { amount }) => total + amount, 0n);
}
