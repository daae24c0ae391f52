/**
 * What a manager of a search signed against the rules of the lease log: two logs (duplicate-lease), or an entry of a view
 * that is another's turn (usurped-lease). The log has no heights, so the job says how old the fault can be: it has to be
 * under way, and the fault is not older than its opening.
 */
import { compareBytes } from "../crypto/hash.ts";
import type { State } from "../state/state.ts";
import type { DuplicateLease, UsurpedLease } from "../types/evidence.ts";
import type { Job } from "../types/job.ts";
import type { LeaseEntry, SignedLeaseEntry } from "../types/lease.ts";
import { contradicts, isUsurped, leaseRoot } from "../workload/search/lease-log.ts";
import { checkOrder, InvalidEvidence, unrelated } from "./evidence-error.ts";

/** The one form of two entries that contradict each other: the smaller root first. */
export function makeDuplicateLease(a: SignedLeaseEntry, b: SignedLeaseEntry): DuplicateLease {
  return compareRoots(a, b) < 0 ? { first: a, second: b } : { first: b, second: a };
}

/** @throws InvalidEvidence */
export function checkDuplicateLease({ first, second }: DuplicateLease): void {
  checkOrder(compareRoots(first, second));
  if (compareBytes(first.entry.job, second.entry.job) !== 0) throw unrelated("job");
  for (const field of ["round", "view", "manager"] as const) {
    if (first.entry[field] !== second.entry[field]) throw unrelated(field);
  }
  if (!contradicts(first.entry, second.entry)) throw unrelated("sequence");
}

/**
 * The job in whose team the accused wrote.
 * @throws InvalidEvidence unless it is under way, and the accused of its team; of a usurped entry also when the view was
 * its turn
 */
export function faultyJob(state: State, node: number, proof: DuplicateLease | UsurpedLease): Job {
  const { entry } = "first" in proof ? proof.first : proof.usurped;
  if (entry.manager !== node) throw unrelated("manager");
  const index = state.jobIndex(entry.job);
  const job = index === undefined ? undefined : state.jobs.get(index);
  if (job === undefined || !job.team.includes(node)) throw noSuchTeam(node);
  if (!("first" in proof) && !isUsurped(entry, job.team)) {
    throw new InvalidEvidence(`view ${entry.view} of round ${entry.round} is its turn`, {
      code: "EVIDENCE_OWN_TURN",
      node,
    });
  }
  return job;
}

function noSuchTeam(node: number): InvalidEvidence {
  return new InvalidEvidence(
    `node ${node} is in no team of a job under way with this id`,
    { code: "EVIDENCE_NO_TEAM", node },
    { action: "ignore" },
  );
}

/** Out of the team of this job: it may not post, its signatures do not count, and what it earned there is lost. */
export function expel(state: State, node: number, { job: id }: Pick<LeaseEntry, "job">): void {
  const index = state.jobIndex(id);
  if (index === undefined) return;
  const job = state.jobs.at(index);
  const credits = job.credits.map((credit, member) => (job.team[member] === node ? 0 : credit));
  const expelled = [...job.expelled, node].sort((a, b) => a - b);
  state.jobs.set(index, { ...job, credits, expelled });
}

function compareRoots(a: SignedLeaseEntry, b: SignedLeaseEntry): number {
  return compareBytes(leaseRoot(a.entry), leaseRoot(b.entry));
}
