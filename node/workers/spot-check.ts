/**
 * Results of remote workers are not believed unseen: a machine that was taken over, or is broken, would have this node
 * commit to false work and lose its bond and rating. Parts drawn here, which the worker cannot know, are done again on
 * this machine before the result is used.
 */
import { randomInt } from "node:crypto";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { SEGMENTS } from "../../chain/workload/train/segments.ts";
import type {
  BaselineTask,
  BaselineTaskResult,
  ReplayTask,
  RetrainTask,
  RetrainTaskResult,
  TrainTask,
  TrainTaskResult,
} from "./tasks.ts";
import { WorkerError } from "./worker-error.ts";

/** Of a run's 16 segments, and as many of a shorter one. */
const TRAIN_SEGMENTS = 2;

/** A number from 0 to below `count` that nobody can foresee. */
export type Draw = (count: number) => number;
export const drawAtRandom: Draw = (count) => randomInt(count);

/** Watches one training on a remote worker. */
export class TrainProbe {
  readonly #task: TrainTask;
  /** Parts of the run, by what the node knows of it itself. */
  readonly #count: number;
  readonly #segments: readonly number[];
  readonly #states = new Map<number, Uint8Array>();

  /** @param hasStates whether the worker sends the states that segments begin in */
  constructor(task: TrainTask, hasStates: boolean, draw: Draw) {
    this.#task = task;
    this.#count = segmentsOf(task);
    // Without states only the first can be done again: its start is the node's own.
    this.#segments = hasStates ? someOf(this.#count, TRAIN_SEGMENTS, draw) : [0];
  }

  onState(index: number, state: Uint8Array): void {
    if (this.#segments.includes(index)) this.#states.set(index, state);
  }

  /**
   * @param retrain on this machine
   * @throws WorkerError SPOT_CHECK; what `retrain` throws
   */
  async check(
    worker: string,
    { checkpoints }: TrainTaskResult,
    retrain: (task: RetrainTask) => Promise<RetrainTaskResult>,
  ): Promise<void> {
    // With fewer the drawn ones would not be among them.
    if (checkpoints.length !== this.#count + 1) {
      throw cutOtherwise(worker, checkpoints.length - 1, this.#count);
    }
    for (const segment of this.#segments) {
      const startState = this.#states.get(segment);
      if (segment > 0 && startState === undefined) throw wrong(worker, segment);
      const { origin, end } = await believed(worker, segment, () =>
        retrain({ ...this.#task, segment, startState: segment === 0 ? undefined : startState }),
      );
      if (!isSame(checkpoints[0], origin) || !isSame(checkpoints[segment + 1], end)) {
        throw wrong(worker, segment);
      }
    }
  }
}

/** Watches one lane on a remote worker: keeps one of the states that came, each with the same chance. */
export class LaneProbe {
  readonly #task: BaselineTask;
  readonly #draw: Draw;
  #kept: { readonly index: number; readonly state: Uint8Array } | undefined;
  /** The newest: whether a segment begins in it shows when the next one comes. */
  #last: { readonly index: number; readonly state: Uint8Array } | undefined;

  constructor(task: BaselineTask, draw: Draw) {
    this.#task = task;
    this.#draw = draw;
  }

  onState(index: number, state: Uint8Array): void {
    const last = this.#last;
    if (last !== undefined && last.index + 1 === index && this.#draw(index) === 0) {
      this.#kept = last;
    }
    this.#last = { index, state };
  }

  /**
   * @param replay on this machine
   * @throws WorkerError SPOT_CHECK; what `replay` throws
   */
  async check(
    worker: string,
    { checkpoints }: BaselineTaskResult,
    replay: (task: ReplayTask) => Promise<Uint8Array>,
  ): Promise<void> {
    if (this.#kept === undefined || this.#kept.index + 1 >= checkpoints.length) return;
    const { index, state } = this.#kept;
    const { task, seed, stepsPerSegment } = this.#task;
    const order = { task, seed, index, stepsPerSegment, startState: state };
    const end = await believed(worker, index, () => replay(order));
    if (!isSame(checkpoints[index + 1], end)) throw wrong(worker, index);
  }
}

/** A start that no run goes through is refused here, and as wrong as an end that is not reached. */
async function believed<T>(worker: string, segment: number, again: () => Promise<T>): Promise<T> {
  try {
    return await again();
  } catch (error) {
    if (error instanceof WorkerError && error.facts.code === "TASK_FAILED") {
      const { reason } = error.facts;
      if (reason === "BAD_CHECKPOINT" || reason === "DIVERGED") throw wrong(worker, segment, error);
    }
    throw error;
  }
}

function wrong(worker: string, segment: number, cause?: unknown): WorkerError {
  return new WorkerError(
    `segment ${segment} of worker ${worker} comes out otherwise on this machine`,
    { code: "SPOT_CHECK", worker, segment },
    { action: "local", cause },
  );
}

function cutOtherwise(worker: string, told: number, count: number): WorkerError {
  return new WorkerError(
    `worker ${worker} sent a run of ${told} segments, this one has ${count}`,
    { code: "SPOT_CHECK", worker, segment: Math.max(0, Math.min(told, count)) },
    { action: "local" },
  );
}

/** As many as asked for, or as many as there are steps. */
function segmentsOf(task: TrainTask): number {
  const { dataset, chunks, epochs, hyperparameters, segments = SEGMENTS } = task;
  const rows = chunks.reduce((sum, at) => sum + (dataset.index.train.rows[at] ?? 0), 0);
  return Math.min(segments, epochs * Math.ceil(rows / hyperparameters.batchSize));
}

/** Different numbers below `count`, all if there are no more. */
function someOf(count: number, wanted: number, draw: Draw): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  return Array.from(
    { length: Math.min(wanted, count) },
    () => all.splice(draw(all.length), 1)[0] ?? 0,
  );
}

function isSame(told: Uint8Array | undefined, found: Uint8Array): boolean {
  return told !== undefined && equalBytes(told, found);
}
