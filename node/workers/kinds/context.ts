/** The worker's half of a kind of task: what the task is given to work with. */
import type { CoreMeter } from "../../../ml/baseline/core-share.ts";
import type { Clock } from "../../clock.ts";
import type { TaskProgress } from "../task-control.ts";
import type { TrainerCache } from "../trainer-cache.ts";
import type { Inputs } from "./inputs.ts";
import type { SearchThread } from "./search/search-thread.ts";

export interface TaskContext {
  /** Fires when the task is abandoned. */
  readonly signal: AbortSignal;
  /** Fires when a lane or a search must end with the work done so far. */
  readonly end: AbortSignal;
  readonly onProgress: (progress: TaskProgress) => void;
  /** Sends an output; await it before the next. */
  output(name: string, index: number, bytes: Uint8Array): Promise<void>;
}

/** What the process keeps beyond single tasks and links. */
export interface WorkerParts {
  readonly trainers: TrainerCache;
  readonly searches: SearchThread;
  readonly clock: Clock;
  /** Of this process. */
  readonly meter: CoreMeter;
}

export interface TaskParts extends WorkerParts {
  readonly inputs: Inputs;
  readonly context: TaskContext;
}

/** The size of everything from outside is already limited; this checks that it fits together. */
export type RunTask<Order, Result> = (order: Order, parts: TaskParts) => Promise<Result>;
