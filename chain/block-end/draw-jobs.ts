/**
 * Carries out the draws of a block: teams, participants, auditors and committees whose height has come. None of them
 * waits.
 */
import { drawAuditors } from "../audit/tick.ts";
import { taggedHash } from "../crypto/hash.ts";
import { drawNodes, mostNodes } from "../draw/frozen-weights.ts";
import { drawnParticipants } from "../job/draw-room.ts";
import { end, enter, outcomeOf, phaseOf } from "../job/phase.ts";
import { settle } from "../job/settle.ts";
import { drawnAt } from "../schedule/drawn-at.ts";
import { isToBeDrawn } from "../schedule/next-draw.ts";
import type { State } from "../state/state.ts";
import type { Job } from "../types/job.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import { dueOf, isDue } from "./due.ts";

/** Number of tries to draw a job, `drawDelay` blocks apart. */
const DRAW_TRIES = 4;

/**
 * Runs before all other work that the end of a block does on jobs. The number of draws is limited when they are
 * scheduled: by the room for them in a block (job/draw-room.ts), and by the steps at its end (job/due-work.ts).
 * @param proposer account that earns the fee of a job which the chain settles itself
 */
export function drawAll(state: State, proposer: Uint8Array): void {
  for (const [index, job] of state.jobs.draws(state.height)) {
    const next = phaseOf(job) === "drawing" ? drawJob(state, job) : drawAudits(state, job);
    const isUndrawn = outcomeOf(next) === "undrawn";
    // No node was drawn for it, so none would post its settlement.
    state.jobs.set(index, isUndrawn ? settle(state, next, proposer) : scheduled(state, next));
  }
}

/** A job that still waits among those that are due keeps its place. */
function scheduled({ height, parameters }: State, job: Job): Job {
  return isDue(job, height) ? job : { ...job, due: dueOf(job, height, parameters) };
}

function drawAudits(state: State, job: Job): Job {
  const { height, parameters } = state;
  let next = job;
  for (const audit of job.audits) {
    const isNow = isToBeDrawn(audit) && height >= drawnAt(audit.since, parameters);
    if (isNow) next = drawAuditors(state, next, audit);
  }
  return next;
}

/** Draws team and participants by weight, from a mix that nobody knew when the job was opened. */
function drawJob(state: State, job: Job): Job {
  const { height, meta } = state;
  const { spec } = job;
  const count = drawnParticipants(spec);
  const seed = taggedHash("poml/job/v1", meta.mix, job.id);
  const isHopeless = mostNodes(state) < spec.quorum;
  const drawn = isHopeless
    ? []
    : drawNodes(state, { seed, tag: "poml/job-participants/v1", count });
  if (drawn.length < spec.quorum) return tryAgain(job, height);
  const team = drawNodes(state, { seed, tag: "poml/job-team/v1", count: spec.teamSize });
  const participants = drawn.map((node) => ({
    node,
    updateHash: ZERO_HASH,
    checkpointRoot: ZERO_HASH,
    units: 0,
    workMs: 0,
    updateBytes: 0,
    paidUnits: 0n,
    paidRounds: 0,
    verifiedRounds: 0,
    missed: 0,
    faultRound: 0,
    fault: 0,
    divergedRound: 0,
  }));
  const started = enter(job, "training", height);
  const credits = team.map(() => 0);
  return { ...started, extensions: 0, round: 1, team, credits, participants };
}

/** Too few nodes have weight: the job waits for another draw a few times; then the client gets its money back. */
function tryAgain(job: Job, height: number): Job {
  const extensions = job.extensions + 1;
  return extensions < DRAW_TRIES
    ? { ...enter(job, "drawing", height), extensions }
    : end(job, "undrawn", height);
}
