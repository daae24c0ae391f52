/**
 * Fills in what an order leaves open, in the same way for the HTTP API and the command line, and reports what it chose
 * and why. ml/training/default-plan.ts makes the choices about training itself.
 */

import { MIN_TEAM } from "../../../chain/transactions/job-open.ts";
import type { Optimizer } from "../../../ml/hyperparameters.ts";
import {
  type AggregationSettings,
  HOSTILE_DEFAULT,
  HOSTILE_RULES,
  SERVER_DEFAULTS,
  type ServerSettings,
} from "../../../ml/job-aggregation.ts";
import {
  chosenOptimizer,
  type DataSize,
  defaultOptimizer,
  defaultParticipants,
  defaultPreset,
  defaultRun,
  plannedModel,
} from "../../../ml/training/default-plan.ts";
import { DEFAULT_PHASE_SECONDS } from "../default-phase.ts";
import type { JobRequest, OptimizerRequest, ServerRequest } from "./job-request.ts";

/** An order without open fields, except those that follow from the model or the price later. */
export type CompleteOrder = {
  readonly [K in Exclude<keyof JobRequest, LeftOpen | Filled>]-?: NonNullable<JobRequest[K]>;
} & Pick<JobRequest, LeftOpen> & {
    readonly optimizer: Optimizer;
    readonly aggregation: AggregationSettings;
    readonly server: ServerSettings;
  };

type Filled = "optimizer" | "aggregation" | "server";

type LeftOpen = "engine" | "loss" | "budget" | "seed" | "pricePerSample";

export interface OrderedData extends DataSize {
  readonly name: string;
}

export interface FilledOrder {
  readonly order: CompleteOrder;
  /** Sentences for the client: what was chosen for it. */
  readonly notes: readonly string[];
}

/** @param drawable nodes that can be drawn for work now */
export function fillOrder(request: JobRequest, data: OrderedData, drawable: number): FilledOrder {
  const { shape } = data;
  const notes: string[] = [];
  const model = request.model ?? { preset: defaultPreset(data) };
  if (request.model === undefined) notes.push(modelNote(model, shape));
  const planned = plannedModel(model);
  const optimizer = fillOptimizer(planned, request.optimizer);
  if (request.optimizer?.learningRate === undefined) {
    const { kind, learningRate, weightDecay } = optimizer;
    const decay =
      weightDecay === undefined || request.optimizer ? "" : ` and weight decay ${weightDecay}`;
    const suits = planned === "own" ? "most models" : `preset ${planned}`;
    notes.push(
      `chosen: optimizer ${kind} with learning rate ${learningRate}${decay}, which suits ${suits}`,
    );
  }
  const crowd = fillCrowd(request, data.rows, drawable);
  notes.push(...crowd.notes);
  const { participants, quorum, teamSize } = crowd;
  const run = defaultRun(data, participants, request);
  notes.push(...runNotes(request, run, data.rows, participants));
  const order: CompleteOrder = {
    ...request,
    name: request.name ?? data.name,
    model,
    optimizer,
    ...run,
    partition: request.partition ?? "iid",
    aggregation: fillAggregation(request.aggregation),
    server: fillServer(request.server),
    participants,
    quorum,
    teamSize,
    phaseSeconds: request.phaseSeconds ?? DEFAULT_PHASE_SECONDS,
    targetAccuracy: request.targetAccuracy ?? 0,
  };
  return { order, notes };
}

/** Participants and quorum: not more than there are nodes to draw and rows to share. */
function fillCrowd(
  request: JobRequest,
  rows: number,
  drawable: number,
): Pick<CompleteOrder, "participants" | "quorum" | "teamSize"> & { notes: string[] } {
  const participants = request.participants ?? defaultParticipants({ rows }, drawable);
  const quorum = request.quorum ?? Math.floor(participants / 2) + 1;
  const teamSize = request.teamSize ?? MIN_TEAM;
  const notes: string[] = [];
  if (request.participants === undefined) {
    const share = Math.floor(rows / participants);
    const nodes = drawable === 1 ? "1 node" : `${drawable} nodes`;
    notes.push(
      `chosen: ${count(participants, "participant")} with about ${count(share, "row")} each, of which ${quorum} must deliver in every round; ${nodes} can be drawn now`,
    );
  }
  return { participants, quorum, teamSize, notes };
}

function fillOptimizer(
  planned: Parameters<typeof defaultOptimizer>[0],
  asked: OptimizerRequest | undefined,
): Optimizer {
  if (asked === undefined) return chosenOptimizer(planned);
  const { kind, ...given } = asked;
  return { ...defaultOptimizer(planned, kind), ...given } as Optimizer;
}

function fillAggregation(asked: Partial<AggregationSettings> = {}): AggregationSettings {
  const rule = asked.rule ?? "fedavg";
  const hostile = HOSTILE_RULES.includes(rule) ? { hostile: HOSTILE_DEFAULT } : {};
  return { ...hostile, ...asked, rule, bucket: asked.bucket ?? 1 };
}

function fillServer({ kind, ...given }: ServerRequest = { kind: "sgd" }): ServerSettings {
  return { ...SERVER_DEFAULTS[kind], ...given } as ServerSettings;
}

function modelNote(model: object, shape: readonly number[]): string {
  const preset = plannedModel(model);
  const why =
    preset === "lenet"
      ? `since a row is an image of ${shape.join(" x ")} values`
      : `since a row is ${count(
          shape.reduce((product, side) => product * side, 1),
          "value",
        )} and no image`;
  return `chosen: model preset ${preset}, ${why}`;
}

function runNotes(
  request: JobRequest,
  { batchSize, localEpochs, rounds }: ReturnType<typeof defaultRun>,
  rows: number,
  participants: number,
): string[] {
  const chosen = [
    ...(request.rounds === undefined ? [count(rounds, "round")] : []),
    ...(request.localEpochs === undefined ? [`${count(localEpochs, "epoch")} a round`] : []),
    ...(request.batchSize === undefined ? [`batches of ${batchSize}`] : []),
  ];
  if (chosen.length === 0) return [];
  const share = Math.max(1, Math.floor(rows / participants));
  const steps = rounds * localEpochs * Math.ceil(share / batchSize);
  return [
    `chosen: ${chosen.join(", ")}: about ${steps} steps and ${rounds * localEpochs} passes over the ${rows} training rows in all`,
  ];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
