/**
 * Whether an order can be carried out at all, in the words of the nodes that were drawn for it. Everything the
 * order names is a file with a known hash, so anybody who has the files can check what they say.
 *
 * Who gains by saying so falsely: nobody. Those who object earn nothing, the charge burns, and the pay of the job is
 * lost to them; it takes most of the drawn nodes, three at least. Nobody is punished for an objection, so a node that is
 * too slow or too old to read an order loses no more than its part in it.
 */
import type { Parameters } from "../types/genesis.ts";
import { type Job, OBJECTIONS } from "../types/job.ts";
import { hasCommitted, isOut, outcomeOf } from "./phase.ts";
import { jobPrice } from "./price.ts";

const DECLINED = OBJECTIONS.indexOf("declined");
/** Fewer than so many nodes decide nothing that costs somebody money. */
const MIN_WITNESSES = 3;
/** Part of the price that an impossible order costs. */
const CHARGE_PARTS = 10n;

/** Distinct nodes of team and participants, without those that audits put out. */
export function drawnNodes({ team, participants }: Job): Set<number> {
  return new Set([...team, ...participants.filter((one) => !isOut(one)).map(({ node }) => node)]);
}

/** More than half of the drawn nodes, three at least, give one and the same reason. */
export function isImpossible(job: Job): boolean {
  const drawn = drawnNodes(job);
  return isProof(mostAgreeing(job, drawn), drawn);
}

/** Somebody found the order impossible, and so many others may still join that it can be proven. */
export function isDoubted(job: Job): boolean {
  if (job.round !== 1 || !hasFault(job)) return false;
  const drawn = drawnNodes(job);
  const answered = new Set(job.objections.map(({ node }) => node));
  for (const participant of job.participants) {
    if (hasCommitted(participant)) answered.add(participant.node);
  }
  const silent = [...drawn].filter((node) => !answered.has(node)).length;
  return isProof(mostAgreeing(job, drawn) + silent, drawn);
}

/**
 * Its client withdrew it in its first round, after the first objection other than declined. Nothing is proven then, but
 * a client whose order can be carried out need not withdraw it: it gets its job or, at the end of the phase, its money.
 */
export function isWithdrawnInDoubt(job: Job): boolean {
  return outcomeOf(job) === "cancelled" && job.round === 0 && hasFault(job);
}

function hasFault({ objections }: Job): boolean {
  return objections.some(({ reason }) => reason !== DECLINED);
}

/** How many of the drawn nodes give the same reason at most. */
function mostAgreeing({ objections }: Job, drawn: ReadonlySet<number>): number {
  const counts = new Map<number, number>();
  for (const { node, reason } of objections) {
    if (reason !== DECLINED && drawn.has(node)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

function isProof(witnesses: number, drawn: ReadonlySet<number>): boolean {
  return witnesses >= MIN_WITNESSES && 2 * witnesses > drawn.size;
}

/** A tenth of the price, and at least the smallest fee for every node that had to look. */
export function impossibleCharge(job: Job, parameters: Parameters): bigint {
  const share = jobPrice(job.spec, parameters) / CHARGE_PARTS;
  const looked = BigInt(drawnNodes(job).size) * parameters.feeFloor;
  return share > looked ? share : looked;
}
