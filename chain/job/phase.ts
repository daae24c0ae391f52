/** Phases of a job and what the end of a block does to them. No wait without deadline and quorum. */
import { taggedHash } from "../crypto/hash.ts";
import { drawWithoutReplacement } from "../draw/weighted.ts";
import { weights } from "../rating/weight.ts";
import type { State } from "../state/state.ts";
import {
  AUDIT_BACKLOG,
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

export function hasCommitted(participant: Participant): boolean {
  return participant.samples > 0;
}

/** The job in another phase, starting now. */
export function enter(job: Job, phase: OpenPhase, height: number): Job {
  return { ...job, phase: phaseCode(phase), phaseSince: height };
}

/** The job at its end; the round that was under way does not count unless its record came. */
export function end(job: Job, outcome: EndedOutcome, height: number): Job {
  const isFinished = outcome === "complete" || outcome === "target";
  const phase = isFinished ? "finished" : outcome === "cancelled" ? "cancelled" : "failed";
  return {
    ...job,
    phase: phaseCode(phase),
    outcome: JOB_OUTCOMES.indexOf(outcome),
    round: isFinished || job.round === 0 ? job.round : job.round - 1,
    phaseSince: height,
    closedAt: height,
  };
}

/** Forgets the round's commits. */
export function clearCommits(participants: readonly Participant[]): Participant[] {
  return participants.map(withoutCommit);
}

export function withoutCommit(participant: Participant): Participant {
  return {
    ...participant,
    updateHash: ZERO_HASH,
    checkpointRoot: ZERO_HASH,
    samples: 0,
    trainMs: 0,
    updateBytes: 0,
  };
}

/** An audit found its update false, or it withheld it: out of this job. */
export function isOut({ faultRound }: Participant): boolean {
  return faultRound !== 0;
}

/** Every participant that still answers has committed, and they are enough. */
export function allCommitted(job: Job): boolean {
  const committed = job.participants.filter(hasCommitted).length;
  const awaited = job.participants.filter(
    (p) => p.missed === 0 && !isOut(p) && !hasCommitted(p),
  ).length;
  return awaited === 0 && committed >= job.spec.quorum;
}

/** Audits may lag behind by some rounds; then the next one waits for them, which they end in time. */
export function isBehind(job: Job): boolean {
  return job.audits.length > AUDIT_BACKLOG;
}

/** Runs at the end of every block over all jobs that are not settled. */
export function tickJobs(state: State): void {
  for (const [index, job] of state.jobs.activeEntries()) {
    const next = tickJob(state, job);
    if (next !== job) state.jobs.set(index, next);
  }
}

function tickJob(state: State, job: Job): Job {
  const { height } = state;
  const late = height >= job.phaseSince + job.spec.phaseBlocks;
  switch (phaseOf(job)) {
    case "drawing":
      return height > job.openedAt ? draw(state, job) : job;
    case "training":
      if (isBehind(job)) return job;
      if (allCommitted(job)) return enter(job, "revealing", height);
      if (!late) return job;
      return job.participants.filter(hasCommitted).length >= job.spec.quorum
        ? enter(markMissing(job), "revealing", height)
        : prolong(job, state);
    case "revealing":
      return late ? prolong({ ...job, participants: clearCommits(job.participants) }, state) : job;
    case "finished":
    case "failed":
    case "cancelled":
    case "settled":
      return job;
  }
}

function markMissing(job: Job): Job {
  const participants = job.participants.map((p) =>
    hasCommitted(p) || isOut(p) ? p : { ...p, missed: Math.min(p.missed + 1, 65_535) },
  );
  return { ...job, participants };
}

/** The round starts over, a limited number of times. */
function prolong(job: Job, state: State): Job {
  if (job.extensions >= state.parameters.maxExtensions) {
    return end(job, phaseOf(job) === "revealing" ? "no-record" : "no-quorum", state.height);
  }
  const again = enter(job, "training", state.height);
  return { ...again, extensions: job.extensions + 1 };
}

/** Team and participants by weight, from a mix nobody knew when the job was opened. */
function draw(state: State, job: Job): Job {
  const seed = taggedHash("poml/job/v1", state.meta.mix, job.id);
  const all = weights(state);
  const team = drawWithoutReplacement(seed, "poml/job-team/v1", all, job.spec.teamSize);
  const drawn = drawWithoutReplacement(
    seed,
    "poml/job-participants/v1",
    all,
    Math.min(job.spec.participants, job.spec.trainChunks),
  );
  if (team.length === 0 || drawn.length < job.spec.quorum) return prolongDrawing(job, state);
  const participants = drawn.map((node) => ({
    node,
    updateHash: ZERO_HASH,
    checkpointRoot: ZERO_HASH,
    samples: 0,
    trainMs: 0,
    updateBytes: 0,
    paidSamples: 0n,
    paidRounds: 0,
    verifiedRounds: 0,
    missed: 0,
    faultRound: 0,
    fault: 0,
  }));
  const started = enter(job, "training", state.height);
  return { ...started, round: 1, team, credits: team.map(() => 0), participants };
}

/** Too few rated nodes: keep drawing until the phase deadline has passed, then give the money back. */
function prolongDrawing(job: Job, state: State): Job {
  const expired = state.height >= job.openedAt + job.spec.phaseBlocks;
  return expired ? end(job, "undrawn", state.height) : job;
}
