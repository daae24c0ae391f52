/** What the end of a block does to jobs. Every wait has a deadline, and ends early with a quorum. */
import { takeUnrecorded } from "../audit/open-audits.ts";
import { tickAudits } from "../audit/tick.ts";
import { DueWork } from "../job/due-work.ts";
import { chargedForQuorum } from "../job/ending-price.ts";
import { isDoubted } from "../job/objections.ts";
import {
  allCommitted,
  canCommit,
  end,
  enter,
  hasCommitted,
  hasDiverged,
  hopeless,
  isBehind,
  isOut,
  isOver,
  phaseOf,
} from "../job/phase.ts";
import { settle } from "../job/settle.ts";
import type { State } from "../state/state.ts";
import { type Job, UPDATE_CHECKS } from "../types/job.ts";
import type { RatingChange } from "../types/node.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { drawAll } from "./draw-jobs.ts";
import { dueOf, isDue, SETTLE_BLOCKS } from "./due.ts";

/**
 * Runs at the end of every block: first its draws, then the jobs that are due, then the jobs that it changed.
 * @param proposer account that earns the fee of a job which the chain settles itself
 * @returns the changes of rating that audits made
 */
export function tickJobs(state: State, proposer: Uint8Array): RatingChange[] {
  const changes: RatingChange[] = [];
  drawAll(state, proposer);
  const look: Look = { state, proposer, work: new DueWork(), changes };
  const seen = new Set<number>();
  for (const [index, job] of state.jobs.due(state.height)) {
    if (look.work.isSpent) break;
    seen.add(index);
    look.work.spend(1);
    state.jobs.set(index, lookAt(look, job));
  }
  // A separate number of steps: otherwise somebody with many due jobs could delay the jobs that others work on.
  const afresh = { ...look, work: new DueWork() };
  for (const [index, job] of state.jobs.touched()) {
    if (!seen.has(index)) state.jobs.set(index, lookAt(afresh, job));
  }
  return changes;
}

interface Look {
  readonly state: State;
  readonly proposer: Uint8Array;
  readonly work: DueWork;
  readonly changes: RatingChange[];
}

function lookAt({ state, proposer, work, changes }: Look, job: Job): Job {
  const { height, parameters } = state;
  if (isLeft(job, height)) return settle(state, job, proposer);
  const audited = tickAudits(state, job, work, changes);
  const next = work.isSpent ? audited : tickJob(state, audited);
  work.spend(next.audits.length - audited.audits.length);
  // An unfinished job keeps its place among those that are due.
  const left = isDue(job, height) ? job.due : height + 1;
  const due = work.isSpent ? left : dueOf(next, height, parameters);
  return next === job && due === job.due ? job : { ...next, due };
}

/** The job is over, but nobody has settled it in time. */
function isLeft(job: Job, height: number): boolean {
  const isSettleable = isOver(job) && job.audits.length === 0;
  return isSettleable && isDue(job, height) && height >= job.closedAt + SETTLE_BLOCKS;
}

function tickJob(state: State, job: Job): Job {
  const { height } = state;
  const late = height >= job.phaseSince + job.spec.phaseBlocks;
  switch (phaseOf(job)) {
    case "training": {
      const reason = hopeless(job);
      // Other nodes may still report that the order is impossible, which costs its client.
      if (reason !== undefined && (late || !isDoubted(job))) return endWithout(state, job, reason);
      if (isBehind(job)) return job;
      if (allCommitted(job)) return enter(job, "revealing", height);
      if (!late) return job;
      return job.participants.filter(hasCommitted).length >= job.spec.quorum
        ? enter(markMissing(job), "revealing", height)
        : prolong(job, state, "no-quorum");
    }
    case "revealing":
      return late ? prolong(job, state, "no-record") : job;
    case "drawing":
    case "finished":
    case "failed":
    case "cancelled":
    case "settled":
      return job;
  }
}

function markMissing(job: Job): Job {
  const participants = job.participants.map((p) =>
    hasCommitted(p) || !canCommit(p, job) ? p : { ...p, missed: Math.min(p.missed + 1, 65_535) },
  );
  return { ...job, participants };
}

/**
 * Waits for the participants again, a limited number of times. Commits stay, because the same work gives the same bits,
 * and training again would change nothing. In the end, what was delivered goes to its audits.
 */
function prolong(job: Job, state: State, outcome: "no-quorum" | "no-record"): Job {
  const { height } = state;
  if (job.extensions >= state.parameters.maxExtensions) {
    const committed = job.participants.filter(hasCommitted).length;
    const paid = outcome === "no-quorum" ? chargedForQuorum(job, state.parameters, committed) : job;
    return end(takeUnrecorded(state, paid), outcome, height);
  }
  const participants =
    outcome === "no-record" ? job.participants.map((p) => ({ ...p, missed: 0 })) : job.participants;
  const again = { ...job, participants, extensions: job.extensions + 1 };
  return enter(again, allCommitted(again) ? "revealing" : "training", height);
}

/**
 * No quorum is possible any more: what was delivered still goes to its audits, and the rest of the money back to the
 * client.
 */
function endWithout(state: State, job: Job, reason: "diverged" | "too-few-left"): Job {
  const left = job.participants.filter((p) => canCommit(p, job)).length;
  const taken = takeUnrecorded(state, chargedForQuorum(job, state.parameters, left));
  const refused = job.participants
    .filter((p) => !isOut(p) && hasDiverged(p, job))
    .map(({ node }) => ({ node, updateHash: ZERO_HASH, check: UPDATE_CHECKS.indexOf("diverged") }))
    .sort((a, b) => a.node - b.node);
  return { ...end(taken, reason, state.height), refused };
}
