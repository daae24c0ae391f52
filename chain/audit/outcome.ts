/** What the end of an audit changes in its job: the update is paid, or the participant is excluded. */
import { hasCommitted, isOut, phaseOf, withoutCommit } from "../job/phase.ts";
import type { State } from "../state/state.ts";
import type { Audit, AuditCredit } from "../types/audit.ts";
import { AUDIT_FAULTS, type AuditFault, type Job, MAX_AUDIT_CREDITS } from "../types/job.ts";
import type { RatingChange } from "../types/node.ts";
import { punishFault, rewardGoodUpdate } from "./penalty.ts";
import { replayOperations } from "./replay-operations.ts";

/** The job with an audit replaced by its results. */
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

/** This look found nothing wrong. Its update is paid if no other look at it is open. */
export function passAudit(state: State, job: Job, audit: Audit): Job {
  const isFirst = audit.look === 0;
  if (isFirst) rewardGoodUpdate(state, audit.node, replayOperations(audit, job.spec));
  return closeAudit(job, audit, isFirst ? 1 : 0);
}

/**
 * No node could audit the update. If it was recorded, it is paid, but not counted as verified; an update that no record
 * merged must first be shown to be valid.
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

/**
 * The update was accused, and the accusation was neither refuted nor proven: it is not paid, and nobody is punished.
 */
export function dropUpdate(job: Job, { node, round }: Audit): Job {
  const isOther = (audit: Audit): boolean => audit.node !== node || audit.round !== round;
  return { ...job, audits: job.audits.filter(isOther) };
}

/**
 * The states of the update were withheld: it is not paid. The machine may have been offline, so the node keeps its
 * other audits and its part in the job.
 */
export function failWithheld(state: State, job: Job, audit: Audit): Failed {
  const change = punishFault(state, audit.node, "not-served", []);
  return { job: marked(dropUpdate(job, audit), audit, "not-served"), change };
}

/**
 * The update was false. No other update of this node that waits for an audit is paid, and the node takes no part in
 * later rounds. The round stays as it is recorded.
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

/** A false update takes precedence over a withheld one. */
function marked(job: Job, { node, round }: Audit, fault: AuditFault): Job {
  const participants = job.participants.map((participant) =>
    participant.node === node && !isOut(participant)
      ? { ...participant, faultRound: round, fault: AUDIT_FAULTS.indexOf(fault) }
      : participant,
  );
  return { ...job, participants };
}
