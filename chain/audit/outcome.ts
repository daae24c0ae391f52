/** What the end of an audit does to its job: the update is paid, or its participant is out. */
import { hasCommitted, phaseOf, withoutCommit } from "../job/phase.ts";
import type { State } from "../state/state.ts";
import type { Audit, AuditCredit } from "../types/audit.ts";
import { AUDIT_FAULTS, type AuditFault, type Job, MAX_AUDIT_CREDITS } from "../types/job.ts";
import type { RatingChange } from "../types/node.ts";
import { punishFault, rewardGoodUpdate } from "./penalty.ts";

/** The job with a look replaced by what became of it. */
export function withAudit(job: Job, old: Audit, ...next: readonly Audit[]): Job {
  return { ...job, audits: job.audits.flatMap((audit) => (audit === old ? next : [audit])) };
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
  if (isFirst) rewardGoodUpdate(state, audit.node);
  return closeAudit(job, audit, isFirst ? 1 : 0);
}

/** Nobody could look: paid, and not counted as verified. */
export function voidAudit(job: Job, audit: Audit): Job {
  return closeAudit(job, audit, 0);
}

function closeAudit(job: Job, audit: Audit, verified: number): Job {
  const { node, round, samples } = audit;
  const rest = withAudit(job, audit);
  const isOpen = rest.audits.some((other) => other.node === node && other.round === round);
  const participants = rest.participants.map((participant) => {
    if (participant.node !== node) return participant;
    return {
      ...participant,
      paidSamples: participant.paidSamples + (isOpen ? 0n : BigInt(samples)),
      paidRounds: participant.paidRounds + (isOpen ? 0 : 1),
      verifiedRounds: participant.verifiedRounds + verified,
    };
  });
  return { ...rest, participants };
}

/**
 * The update was false, or its states were withheld. Whatever else of this node waits for an audit
 * is not paid either, and it takes no part in later rounds. The round stands as it is recorded.
 */
export function failAudit(
  state: State,
  job: Job,
  audit: Audit,
  { fault, provers }: { readonly fault: AuditFault; readonly provers: readonly number[] },
): { readonly job: Job; readonly change: RatingChange | undefined } {
  const change = punishFault(state, audit.node, fault, provers);
  const participants = job.participants.map((participant) => {
    if (participant.node !== audit.node) return participant;
    const isOut = phaseOf(job) === "training" && hasCommitted(participant);
    return {
      ...(isOut ? withoutCommit(participant) : participant),
      faultRound: audit.round,
      fault: AUDIT_FAULTS.indexOf(fault),
    };
  });
  const audits = job.audits.filter(({ node }) => node !== audit.node);
  return { job: { ...job, participants, audits }, change };
}
