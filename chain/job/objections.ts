/**
 * Decides whether an order can be carried out at all, by the statements of the nodes drawn for it. Everything that the
 * order names is a file with a known hash, so anybody with the files can check these statements. Nobody gains by a
 * false one: nodes that object earn nothing, the charge burns, and they lose the pay of the job; and a false decision
 * needs most of the drawn nodes, at least three. Nobody is punished for an objection, so a node that is too slow or too
 * old to read an order loses only its part in it.
 */
import type { Parameters } from "../types/genesis.ts";
import { type Job, OBJECTIONS } from "../types/job.ts";
import { hasCommitted, isOut, outcomeOf } from "./phase.ts";
import { jobPrice } from "./price.ts";

const DECLINED = OBJECTIONS.indexOf("declined");
/** Fewer nodes than this cannot decide anything that costs somebody money. */
const MIN_WITNESSES = 3;
/** Part of the price that an impossible order costs. */
const CHARGE_PARTS = 10n;

/** The distinct nodes of team and participants, without those that audits excluded. */
export function drawnNodes({ team, participants }: Job): Set<number> {
  return new Set([...team, ...participants.filter((one) => !isOut(one)).map(({ node }) => node)]);
}

/** More than half of the drawn nodes, at least three, give the same reason. */
export function isImpossible(job: Job): boolean {
  const drawn = drawnNodes(job);
  return isProof(mostAgreeing(job, drawn), drawn);
}

/** Some node found the order impossible, and enough other nodes may still join it to prove this. */
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
 * The client withdrew the order in its first round, after the first objection other than declined. This proves nothing;
 * but a client whose order can be carried out need not withdraw it, because it gets its result or, at the end of the
 * phase, its money.
 */
export function isWithdrawnInDoubt(job: Job): boolean {
  return outcomeOf(job) === "cancelled" && job.round === 0 && hasFault(job);
}

function hasFault({ objections }: Job): boolean {
  return objections.some(({ reason }) => reason !== DECLINED);
}

/** The largest number of drawn nodes that give the same reason. */
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

/** A tenth of the price, but at least the smallest fee for every node that had to look at the order. */
export function impossibleCharge(job: Job, parameters: Parameters): bigint {
  const share = jobPrice(job.spec, parameters) / CHARGE_PARTS;
  const looked = BigInt(drawnNodes(job).size) * parameters.feeFloor;
  return share > looked ? share : looked;
}
