/**
 * Division of a job's escrow: participants, managers, auditors, bonus, fee, the costs of its place and of an impossible
 * order, and the rest, which goes back to the client.
 */
import { rateFee } from "../rate-fee.ts";
import type { Parameters } from "../types/genesis.ts";
import type { Job, Settlement } from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";
import { endingPrice } from "./ending-price.ts";
import { impossibleCharge, isWithdrawnInDoubt } from "./objections.ts";
import { isOut, outcomeOf } from "./phase.ts";
import { auditorPay, managerPay } from "./price.ts";

interface Payout {
  /** Node index. */
  readonly node: number;
  readonly amount: bigint;
}

/** A node with its part of a sum. */
interface Share {
  readonly node: number;
  readonly credits: number;
}

interface Division {
  readonly settlement: Settlement;
  readonly participants: readonly Payout[];
  readonly managers: readonly Payout[];
  readonly auditors: readonly Payout[];
  readonly finders: readonly Payout[];
}

/**
 * The seven parts of a settlement add up to the escrow, to the micro-unit. If a vote raised a share after the job was
 * opened, this share is limited to what is left.
 */
export function divideEscrow(job: Job, parameters: Parameters): Division {
  const participants = earnings(job);
  const earned = sum(participants);
  let left = job.escrow - job.opening - earned;
  if (left < 0n) throw new RangeError(`job ${job.openedAt} spent ${-left} over its escrow`);
  const upToLeft = (amount: bigint): bigint => (amount < left ? amount : left);
  const managers = byCredits(
    job.team.map((node, member) => ({ node, credits: job.credits[member] ?? 0 })),
    upToLeft(managerPay(earned, parameters)),
  );
  left -= sum(managers);
  const auditors = byCredits(
    job.auditors.map(({ node, segments }) => ({ node, credits: segments })),
    upToLeft(auditorPay(job.spec, earned, parameters)),
  );
  left -= sum(auditors);
  const workload = workloadOf(job.spec);
  const out = new Set(job.participants.filter(isOut).map(({ node }) => node));
  const finders = byCredits(
    workload
      .bonusShares(job)
      .filter((node) => !out.has(node))
      .map((node) => ({ node, credits: 1 })),
    upToLeft(workload.bonus(job.spec)),
  );
  left -= sum(finders);
  const work = job.escrow - job.opening - left;
  const fee = work === 0n ? 0n : upToLeft(rateFee(work, parameters));
  left -= fee;
  const charge = upToLeft(chargeOf(job, parameters));
  const settlement = {
    participants: earned,
    managers: sum(managers),
    auditors: sum(auditors),
    fee,
    refund: left - charge,
    burned: job.opening + charge,
    bonus: sum(finders),
  };
  return { settlement, participants, managers, auditors, finders };
}

/**
 * The charge for an impossible order. It is at least due, too, for an order that was withdrawn when the first node
 * reported it as impossible.
 */
function chargeOf(job: Job, parameters: Parameters): bigint {
  if (outcomeOf(job) === "impossible") return impossibleCharge(job, parameters);
  if (!isWithdrawnInDoubt(job)) return 0n;
  const more = impossibleCharge(job, parameters) - endingPrice(job, parameters);
  return more > 0n ? more : 0n;
}

/**
 * The sum that the order promised is the most that is paid. If audits reached no result, paid updates may claim more
 * work than was ordered; then all payments are reduced in proportion.
 */
function earnings({ participants, spec }: Job): Payout[] {
  const paid = participants.reduce((total, { paidUnits }) => total + paidUnits, 0n);
  const ordered = workloadOf(spec).units(spec);
  return participants.map(({ node, paidUnits }) => {
    const amount = paidUnits * spec.pricePerUnit;
    return { node, amount: paid > ordered ? (amount * ordered) / paid : amount };
  });
}

/** Rounding dust goes to the client. */
function byCredits(shares: readonly Share[], total: bigint): Payout[] {
  const all = shares.reduce((count, { credits }) => count + BigInt(credits), 0n);
  if (all === 0n) return [];
  return shares.map(({ node, credits }) => ({ node, amount: (total * BigInt(credits)) / all }));
}

function sum(payouts: readonly Payout[]): bigint {
  return payouts.reduce((total, { amount }) => total + amount, 0n);
}
