/**
 * All kinds of tasks, one row each: the form of an order and its result on the wire, how the pool carries out a task,
 * and what a worker does. The last part is loaded only where it is needed, so that a node does not load engines.
 */
import type { z } from "zod";
import type { TaskControl } from "../task-control.ts";
import { baseline } from "./baseline/assignment.ts";
import { BaselineOrder, BaselineOutcome } from "./baseline/order.ts";
import { claims } from "./claims/assignment.ts";
import { ClaimsOrder, ClaimsOutcome } from "./claims/order.ts";
import type { RunTask } from "./context.ts";
import { digests } from "./digests/assignment.ts";
import { DigestsOrder, DigestsOutcome } from "./digests/order.ts";
import { evaluate } from "./evaluate/assignment.ts";
import { EvaluateOrder, EvaluateOutcome } from "./evaluate/order.ts";
import { replay } from "./replay/assignment.ts";
import { ReplayOrder, ReplayOutcome } from "./replay/order.ts";
import { retrain } from "./retrain/assignment.ts";
import { RetrainOrder, RetrainOutcome } from "./retrain/order.ts";
import { search } from "./search/assignment.ts";
import { SearchOrder, SearchOutcome } from "./search/order.ts";
import { track } from "./track/assignment.ts";
import { TrackOrder, TrackOutcome } from "./track/order.ts";
import { train } from "./train/assignment.ts";
import { TrainOrder, TrainOutcome } from "./train/order.ts";
import type { Pool } from "./work.ts";

interface Kind<Order extends z.ZodObject, Outcome extends z.ZodObject, Task, Control, Result> {
  readonly order: Order;
  /** The final message of a worker, besides the outputs. */
  readonly outcome: Outcome;
  readonly carryOut: (task: Task, control: Control, pool: Pool) => Promise<Result>;
  readonly load: () => Promise<RunTask<z.infer<Order>, z.infer<Outcome>>>;
  /**
   * The work is done in a thread of its own, and takes little time and memory from the thread that listens to the node.
   */
  readonly inThread?: boolean;
}

export const KINDS = {
  train: row({
    order: TrainOrder,
    outcome: TrainOutcome,
    carryOut: train,
    load: async () => (await import("./train/run.ts")).runTraining,
  }),
  retrain: row({
    order: RetrainOrder,
    outcome: RetrainOutcome,
    carryOut: retrain,
    load: async () => (await import("./retrain/run.ts")).runRetraining,
  }),
  evaluate: row({
    order: EvaluateOrder,
    outcome: EvaluateOutcome,
    carryOut: evaluate,
    load: async () => (await import("./evaluate/run.ts")).runEvaluation,
  }),
  baseline: row({
    order: BaselineOrder,
    outcome: BaselineOutcome,
    carryOut: baseline,
    load: async () => (await import("./baseline/run.ts")).runBaseline,
  }),
  replay: row({
    order: ReplayOrder,
    outcome: ReplayOutcome,
    carryOut: replay,
    load: async () => (await import("./replay/run.ts")).runReplay,
  }),
  track: row({
    order: TrackOrder,
    outcome: TrackOutcome,
    carryOut: track,
    load: async () => (await import("./track/run.ts")).runTrackTask,
  }),
  search: row({
    order: SearchOrder,
    outcome: SearchOutcome,
    carryOut: search,
    load: async () => (await import("./search/run.ts")).runSearch,
    inThread: true,
  }),
  digests: row({
    order: DigestsOrder,
    outcome: DigestsOutcome,
    carryOut: digests,
    load: async () => (await import("./digests/run.ts")).runDigests,
    inThread: true,
  }),
  claims: row({
    order: ClaimsOrder,
    outcome: ClaimsOutcome,
    carryOut: claims,
    load: async () => (await import("./claims/run.ts")).runClaims,
  }),
};

export type TaskKind = keyof typeof KINDS;
type CarryOut<K extends TaskKind> = (typeof KINDS)[K]["carryOut"];
export type TaskOf<K extends TaskKind> = Parameters<CarryOut<K>>[0];
export type ControlOf<K extends TaskKind> = Parameters<CarryOut<K>>[1];
export type ResultOf<K extends TaskKind> = Awaited<ReturnType<CarryOut<K>>>;

function row<Order extends z.ZodObject, Outcome extends z.ZodObject, Task, Control, Result>(
  kind: Kind<Order, Outcome, Task, Control & TaskControl, Result>,
): Kind<Order, Outcome, Task, Control & TaskControl, Result> {
  return kind;
}
