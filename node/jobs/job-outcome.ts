/** How a job stands or ended, in sentences that tell people what to do. API, page and command line use them. */
import { toHex } from "../../chain/crypto/hash.ts";
import { outcomeOf, phaseOf } from "../../chain/job/phase.ts";
import {
  type Job,
  type JobKind,
  type JobOutcome,
  OBJECTIONS,
  type ObjectionReason,
  UPDATE_CHECKS,
  type UpdateCheck,
} from "../../chain/types/job.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import type { OutcomeTexts } from "./outcome-texts.ts";
import { SEARCH_TEXTS } from "./search/search-texts.ts";
import { TRAIN_TEXTS } from "./train/train-texts.ts";

export const OUTCOME_STATES = ["running", "done", "failed", "cancelled", "undrawn"] as const;
export type OutcomeState = (typeof OUTCOME_STATES)[number];

export interface JobOutcomeText {
  readonly state: OutcomeState;
  /** One or two sentences. */
  readonly reason: string;
  /** What the client can do; undefined when nothing went wrong. */
  readonly remedy: string | undefined;
}

/** Number of rounds with a record in a block. */
export function recordedRounds(job: Job): number {
  return outcomeOf(job) === "open" ? Math.max(0, job.round - 1) : job.round;
}

/**
 * Whether the node hands out model and certificate. A job that ended early has the model of its last recorded round,
 * for which its client paid; its certificate is valid once the job is settled.
 */
export function hasModel(job: Job): boolean {
  const phase = phaseOf(job);
  const isOver = phase === "finished" || phase === "settled";
  return jobKindOf(job.spec) === "train" && isOver && job.round > 0;
}

export function describeOutcome(job: Job): JobOutcomeText {
  const outcome = outcomeOf(job);
  if (outcome === "open") return { state: "running", reason: progress(job), remedy: undefined };
  if (outcome === "complete" || outcome === "target") {
    return { state: "done", reason: textsOf(job)[outcome](job), remedy: undefined };
  }
  const state = outcome === "cancelled" || outcome === "undrawn" ? outcome : "failed";
  const { cause, remedy } = ENDS[outcome](job);
  return { state, reason: `${cause} ${textsOf(job).whatIsLeft(job)}`, remedy };
}

const TEXTS: Readonly<Record<JobKind, OutcomeTexts>> = {
  train: TRAIN_TEXTS,
  search: SEARCH_TEXTS,
};

function textsOf({ spec }: Job): OutcomeTexts {
  return TEXTS[jobKindOf(spec)];
}

function progress(job: Job): string {
  const { extensions, spec } = job;
  const again = extensions === 0 ? "" : `, for the ${ordinal(extensions + 1)} time`;
  const phase = phaseOf(job);
  if (phase === "drawing") {
    return `Its participants are being drawn; a round needs ${spec.quorum} of them.`;
  }
  const texts = textsOf(job);
  return `${phase === "training" ? texts.working(job) : texts.merging(job)}${again}.`;
}

interface End {
  readonly cause: string;
  readonly remedy: string | undefined;
}

type EarlyEnd = Exclude<JobOutcome, "open" | "complete" | "target">;

const ENDS: Readonly<Record<EarlyEnd, (job: Job) => End>> = {
  cancelled: (job) => ({
    cause: `Its client cancelled it ${job.round === 0 ? "before a round was recorded" : `after ${textsOf(job).roundName(job)}`}.`,
    remedy: undefined,
  }),
  undrawn: ({ spec }) => ({
    cause: `Nobody could be drawn for it: a round needs ${nodes(spec.quorum)}, and fewer were rated while it waited.`,
    remedy:
      "order it again when more nodes are rated (`npx poml status` lists them), or with a smaller quorum",
  }),
  "no-quorum": (job) => ({
    cause: `Round ${job.round + 1} did not get the ${job.spec.quorum} updates it needs, though it was started ${times(job.extensions + 1)}; those that came are paid once their audits find them right.`,
    remedy: `\`npx poml job show ${toHex(job.id).slice(0, 12)}\` tells which nodes missed rounds; order it again with more seconds a phase or a smaller quorum`,
  }),
  "no-record": (job) => ({
    cause: `The updates of round ${job.round + 1} came, but no manager of its team recorded them, though it was started ${times(job.extensions + 1)}; they are paid once their audits find them right.`,
    remedy: "order it again; with more managers it is likelier that enough of them answer",
  }),
  refused: (job) => {
    const checks = job.refused.map(({ check }) => UPDATE_CHECKS[check]);
    const isOrder = checks.some((check) => check === "norm" || check === "not-finite");
    return {
      cause: `The team refused ${job.refused.length} updates of round ${job.round + 1}: ${reasons(checks)}.`,
      remedy: isOrder ? textsOf(job).steadier : "order it again, which draws other nodes",
    };
  },
  diverged: (job) => ({
    cause: `Training diverged in round ${job.round + 1}: at ${job.refused.length} of ${job.participants.length} nodes the numbers were no longer finite.`,
    remedy: textsOf(job).steadier,
  }),
  "too-few-left": (job) => {
    const isDeclined = job.objections.length > 0;
    const why = isDeclined
      ? `${nodes(job.objections.length)} of those drawn took no part in it`
      : "audits put so many nodes out of it";
    return {
      cause: `Round ${job.round + 1} could not get the ${job.spec.quorum} updates it needs: ${why}.`,
      remedy: isDeclined ? textsOf(job).ifDeclined : "order it again, which draws other nodes",
    };
  },
  impossible: (job) => ({
    cause: `Nobody can carry this order out, as ${nodes(job.objections.length)} of those drawn found: ${objectionsOf(job)}.`,
    remedy: textsOf(job).ifImpossible,
  }),
  stalled: ({ round }) => ({
    cause: `Nothing more was done in its last rounds, up to round ${round}, though each of them was recorded.`,
    remedy: "order it again, which draws other nodes",
  }),
};

const FAILED_CHECKS: Readonly<Record<UpdateCheck, string>> = {
  diverged: "there was none, since the training left the finite numbers",
  "not-finite": "their numbers were not finite",
  norm: "they were far longer than the model or than the others'",
  "no-change": "they changed nothing",
  format: "they were not what had been committed to",
  samples: "they did not stand for the rows of their shard",
  range: "they claimed units that were not leased to them",
};

const OBJECTION_TEXTS: Readonly<Record<ObjectionReason, string>> = {
  declined: "their owners want no such work",
  model: "its model is none, or no engine may build it",
  data: "its manifest is none, or describes chunks that cannot be",
  misfit: "model, data and order do not fit each other",
  weights: "its initial weights are none",
  algorithm: "its search algorithm is none, or costs other than it says",
};

function objectionsOf({ objections }: Job): string {
  const known = new Set(objections.map(({ reason }) => OBJECTIONS[reason]));
  return [...known]
    .flatMap((name) => (name === undefined ? [] : [OBJECTION_TEXTS[name]]))
    .join("; ");
}

function reasons(checks: readonly (UpdateCheck | undefined)[]): string {
  const known = [...new Set(checks)].filter((check) => check !== undefined);
  return known.map((check) => FAILED_CHECKS[check]).join("; ");
}

function nodes(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function ordinal(count: number): string {
  return ["", "first", "second", "third"][count] ?? `${count}th`;
}
