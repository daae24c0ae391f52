import { SEGMENTS } from "../../../../chain/workload/train/segments.ts";
import { WorkerError } from "../../worker-error.ts";
import type { RetrainTask, RetrainTaskResult } from "../retrain/task.ts";
import { believed, type Draw, isSame, wrong } from "../spot-check.ts";
import type { TrainTask, TrainTaskResult } from "./task.ts";

/** Number of segments checked of a run's 16, or of a shorter run. */
const TRAIN_SEGMENTS = 2;

/** Watches one training on a remote worker. */
export class TrainProbe {
  readonly #task: TrainTask;
  /** Number of parts of the run, computed by the node itself. */
  readonly #count: number;
  readonly #segments: readonly number[];
  readonly #states = new Map<number, Uint8Array>();

  /** @param hasStates whether the worker sends the states with which segments begin */
  constructor(task: TrainTask, hasStates: boolean, draw: Draw) {
    this.#task = task;
    this.#count = segmentsOf(task);
    // Without states only the first segment can be repeated, because the node itself knows its start.
    this.#segments = hasStates ? someOf(this.#count, TRAIN_SEGMENTS, draw) : [0];
  }

  onState(index: number, state: Uint8Array): void {
    if (this.#segments.includes(index)) this.#states.set(index, state);
  }

  /**
   * @param retrain on this machine
   * @throws WorkerError SPOT_CHECK; any error of `retrain`
   */
  async check(
    worker: string,
    { checkpoints }: TrainTaskResult,
    retrain: (task: RetrainTask) => Promise<RetrainTaskResult>,
  ): Promise<void> {
    // With fewer checkpoints, the drawn ones might be missing.
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

function cutOtherwise(worker: string, told: number, count: number): WorkerError {
  return new WorkerError(
    `worker ${worker} sent a run of ${told} segments, this one has ${count}`,
    { code: "SPOT_CHECK", worker, what: `a run of ${told} segments` },
    { action: "local" },
  );
}

/** As many as requested, or as many as there are steps. */
function segmentsOf(task: TrainTask): number {
  const { dataset, chunks, epochs, hyperparameters, segments = SEGMENTS } = task;
  const rows = chunks.reduce((sum, at) => sum + (dataset.index.train.rows[at] ?? 0), 0);
  return Math.min(segments, epochs * Math.ceil(rows / hyperparameters.batchSize));
}

/** Distinct numbers below `count`; all of them if there are not more. */
function someOf(count: number, wanted: number, draw: Draw): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  return Array.from(
    { length: Math.min(wanted, count) },
    () => all.splice(draw(all.length), 1)[0] ?? 0,
  );
}
