/** What the end of an audit does to its job: the update is paid, or its participant is out. */
import { hasCommitted, isOut, phaseOf, withoutCommit } from "../job/phase.ts";
import type { State } from "../state/state.ts";
import type { Audit, AuditCredit } from "../types/audit.ts";
import { AUDIT_FAULTS, type AuditFault, type Job, MAX_AUDIT_CREDITS } from "../types/job.ts";
import type { RatingChange } from "../types/node.ts";
import { punishFault, rewardGoodUpdate } from "./penalty.ts";
import { replayOperations } from "./work.ts";

/** The job with a look replaced by what became of it. */
export function withAudit(job: Job, old: Audit, ...next: readonly Audit[]): Job {
  const at = job.audits.indexOf(old);
  return at === -1 ? job : { ...job, audits: job.audits.toSpliced(at, 1, ...next) };
}

/** @param segments replayed by each of them */
export function withCredits(job: Job, nodes: readonly number[], segments: number): Job {
  const credits = new Map(job.auditors.map((credit) => [credit.node, credit.segments]));
  for (const node of nodes) {
    if (credits.size === MAX_AUDIT_CREDITS && !credits.has(node)) continue;
    credits.set(node, (credits.get(node) ?? 0) + segments);
  }
  const auditors = Array.from(credits, ([node, count]): AuditCredit => {
    return { node, segments: count };
  });
  return { ...job, auditors: auditors.sort((a, b) => a.node - b.node) };
}

/** This look found nothing wrong. Its update is paid when no other look is open. */
export function passAudit(state: State, job: Job, audit: Audit): Job {
  const isFirst = audit.look === 0;
  if (isFirst) rewardGoodUpdate(state, audit.node, replayOperations(audit, job.spec));
  return closeAudit(job, audit, isFirst ? 1 : 0);
}

/**
 * Nobody could look. A recorded update is paid, and not counted as verified; one that no record merged has to be
 * shown valid first.
 */
export function voidAudit(job: Job, audit: Audit): Job {
  return audit.merged === 1 ? closeAudit(job, audit, 0) : dropUpdate(job, audit);
}

function closeAudit(job: Job, audit: Audit, verified: number): Job {
  const { node, round, units } = audit;
  const rest = withAudit(job, audit);
  const isOpen = rest.audits.some((other) => other.node === node && other.round === round);
  const participants = rest.participants.map((participant) => {
    if (participant.node !== node) return participant;
    return {
      ...participant,
      paidUnits: participant.paidUnits + (isOpen ? 0n : BigInt(units)),
      paidRounds: participant.paidRounds + (isOpen ? 0 : 1),
      verifiedRounds: participant.verifiedRounds + verified,
    };
  });
  return { ...rest, participants };
}

/** Accused, and neither refuted nor proven: not paid, and nobody is punished. */
export function dropUpdate(job: Job, { node, round }: Audit): Job {
  const isOther = (audit: Audit): boolean => audit.node !== node || audit.round !== round;
  return { ...job, audits: job.audits.filter(isOther) };
}

/**
 * Its states were withheld: this update is not paid. A machine may have been away, so the others of the node
 * go on, and so does its part in the job.
 */
export function failWithheld(state: State, job: Job, audit: Audit): Failed {
  const change = punishFault(state, audit.node, "not-served", []);
  return { job: marked(dropUpdate(job, audit), audit, "not-served"), change };
}

/**
 * The update was false. Whatever else of this node waits for an audit is not paid either, and it takes no
 * part in later rounds. The round stands as it is recorded.
 * @param provers nodes whose answers proved it
 */
export function failFalse(
  state: State,
  job: Job,
  audit: Audit,
  provers: readonly number[],
): Failed {
  const change = punishFault(state, audit.node, "mismatch", provers);
  const participants = job.participants.map((participant) => {
    const isOut = participant.node === audit.node;
    return isOut && phaseOf(job) === "training" && hasCommitted(participant)
      ? withoutCommit(participant)
      : participant;
  });
  const audits = job.audits.filter(({ node }) => node !== audit.node);
  return { job: marked({ ...job, participants, audits }, audit, "mismatch"), change };
}

interface Failed {
  readonly job: Job;
  readonly change: RatingChange | undefined;
}

/** A false update is told rather than a withheld one. */
function marked(job: Job, { node, round }: Audit, fault: AuditFault): Job {
  const participants = job.participants.map((participant) =>
    participant.node === node && !isOut(participant)
      ? { ...participant, faultRound: round, fault: AUDIT_FAULTS.indexOf(fault) }
      : participant,
  );
  return { ...job, participants };
}
