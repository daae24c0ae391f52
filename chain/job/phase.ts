/** The phases of a job, how it ends, and for which participants a round waits. */
import { equalBytes } from "../crypto/hash.ts";
import {
  AUDIT_BACKLOG,
  AUDIT_FAULTS,
  JOB_OUTCOMES,
  JOB_PHASES,
  type Job,
  type JobOutcome,
  type JobPhase,
  type Participant,
} from "../types/job.ts";
import { ZERO_HASH } from "../types/primitive.ts";

type OpenPhase = "drawing" | "training" | "revealing";
type EndedOutcome = Exclude<JobOutcome, "open">;

export function phaseOf(job: Job): JobPhase {
  const phase = JOB_PHASES[job.phase];
  if (phase === undefined) throw new RangeError(`no job phase ${job.phase}`);
  return phase;
}

export function phaseCode(phase: JobPhase): number {
  return JOB_PHASES.indexOf(phase);
}

export function outcomeOf(job: Job): JobOutcome {
  const outcome = JOB_OUTCOMES[job.outcome];
  if (outcome === undefined) throw new RangeError(`no job outcome ${job.outcome}`);
  return outcome;
}

/** A commit may also be to no work at all, if the kind of work allows it. */
export function hasCommitted({ updateHash }: Pick<Participant, "updateHash">): boolean {
  return !equalBytes(updateHash, ZERO_HASH);
}

/** The job in another phase, starting now. */
export function enter(job: Job, phase: OpenPhase, height: number): Job {
  return { ...job, phase: phaseCode(phase), phaseSince: height };
}

/** The job at its end; the current round does not count if it has no record. */
export function end(job: Job, outcome: EndedOutcome, height: number): Job {
  const isFinished = outcome === "complete" || outcome === "target";
  const isRecorded = isFinished || outcome === "stalled";
  const phase = isFinished ? "finished" : outcome === "cancelled" ? "cancelled" : "failed";
  return {
    ...job,
    phase: phaseCode(phase),
    outcome: JOB_OUTCOMES.indexOf(outcome),
    round: isRecorded || job.round === 0 ? job.round : job.round - 1,
    phaseSince: height,
    closedAt: height,
  };
}

/** It has ended, and only its audits and its settlement are left. */
export function isOver(job: Job): boolean {
  const phase = phaseOf(job);
  return phase === "finished" || phase === "failed" || phase === "cancelled";
}

/** Removes the commits of the round. */
export function clearCommits(participants: readonly Participant[]): Participant[] {
  return participants.map(withoutCommit);
}

export function withoutCommit(participant: Participant): Participant {
  return {
    ...participant,
    updateHash: ZERO_HASH,
    checkpointRoot: ZERO_HASH,
    units: 0,
    workMs: 0,
    updateBytes: 0,
  };
}

/** An audit found its update false, and it is excluded from this job. */
export function isOut({ fault }: Participant): boolean {
  return AUDIT_FAULTS[fault] === "mismatch";
}

/** Its training in the current round reached numbers that are not finite, so there will be no update. */
export function hasDiverged(
  { divergedRound }: Participant,
  { round }: Pick<Job, "round">,
): boolean {
  return divergedRound === round && round > 0;
}

/** Whether the node has said that it does no work on this job. */
export function hasObjected(node: number, { objections }: Pick<Job, "objections">): boolean {
  return objections.some((objection) => objection.node === node);
}

/** Its update of the current round exists or may still come. */
export function canCommit(participant: Participant, job: Job): boolean {
  const { node } = participant;
  return !isOut(participant) && !hasDiverged(participant, job) && !hasObjected(node, job);
}

/** Why no quorum of updates is possible in this round, however long the job waits; undefined while one is possible. */
export function hopeless(job: Job): "diverged" | "too-few-left" | undefined {
  if (job.participants.filter((p) => canCommit(p, job)).length >= job.spec.quorum) return undefined;
  const left = job.participants.filter((p) => !isOut(p));
  return left.some((p) => hasDiverged(p, job)) ? "diverged" : "too-few-left";
}

/** Every participant that still answers has committed, and there are enough of them. */
export function allCommitted(job: Job): boolean {
  const committed = job.participants.filter(hasCommitted).length;
  const awaited = job.participants.filter(
    (p) => p.missed === 0 && canCommit(p, job) && !hasCommitted(p),
  ).length;
  return awaited === 0 && committed >= job.spec.quorum;
}

/** Audits may lag behind by some rounds; then the next round waits for them, and their deadlines end the wait. */
export function isBehind(job: Job): boolean {
  return job.audits.length > AUDIT_BACKLOG;
}
