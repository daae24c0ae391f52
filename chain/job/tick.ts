/** What the end of a block does to jobs. No wait without deadline and quorum. */
import { takeUnrecorded } from "../audit/open-audits.ts";
import { taggedHash } from "../crypto/hash.ts";
import { drawWithoutReplacement } from "../draw/weighted.ts";
import { weights } from "../rating/weight.ts";
import type { State } from "../state/state.ts";
import { type Job, UPDATE_CHECKS } from "../types/job.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { isDoubted } from "./objections.ts";
import {
  allCommitted,
  canCommit,
  clearCommits,
  end,
  enter,
  hasCommitted,
  hasDiverged,
  hopeless,
  isBehind,
  isOut,
  phaseOf,
} from "./phase.ts";

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
    case "training": {
      const reason = hopeless(job);
      // Others may still find that the order is impossible, which its client pays for.
      if (reason !== undefined && (late || !isDoubted(job))) return endWithout(state, job, reason);
      if (isBehind(job)) return job;
      if (allCommitted(job)) return enter(job, "revealing", height);
      if (!late) return job;
      return job.participants.filter(hasCommitted).length >= job.spec.quorum
        ? enter(markMissing(job), "revealing", height)
        : prolong(job, state, "no-quorum");
    }
    case "revealing":
      return late
        ? prolong({ ...job, participants: clearCommits(job.participants) }, state, "no-record")
        : job;
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

/** The round starts over, a limited number of times. */
function prolong(job: Job, state: State, outcome: "no-quorum" | "no-record"): Job {
  if (job.extensions >= state.parameters.maxExtensions) return end(job, outcome, state.height);
  const again = enter(job, "training", state.height);
  return { ...again, extensions: job.extensions + 1 };
}

/** No quorum can come: what was delivered all the same goes to its audits, the rest of the money back. */
function endWithout(state: State, job: Job, reason: "diverged" | "too-few-left"): Job {
  const taken = takeUnrecorded(job, job.participants.filter(hasCommitted), state.height);
  const refused = job.participants
    .filter((p) => !isOut(p) && hasDiverged(p, job))
    .map(({ node }) => ({ node, updateHash: ZERO_HASH, check: UPDATE_CHECKS.indexOf("diverged") }))
    .sort((a, b) => a.node - b.node);
  return { ...end(taken, reason, state.height), refused };
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
    divergedRound: 0,
  }));
  const started = enter(job, "training", state.height);
  return { ...started, round: 1, team, credits: team.map(() => 0), participants };
}

/** Too few rated nodes: keep drawing until the phase deadline has passed, then give the money back. */
function prolongDrawing(job: Job, state: State): Job {
  const expired = state.height >= job.openedAt + job.spec.phaseBlocks;
  return expired ? end(job, "undrawn", state.height) : job;
}
