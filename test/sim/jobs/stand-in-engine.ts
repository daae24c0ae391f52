/**
 * Workers whose training is a few hashes: a function of start, seed and segment, equal on every machine, behind the
 * interface of the worker pool. All around it is real: segments, states, their hashes, deadlines.
 */
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { segmentCount } from "../../../chain/workload/train/segments.ts";
import { bytesOfFloats, floatsOfBytes } from "../../../ml/bytes.ts";
import type { Evaluation } from "../../../ml/engine.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  stateHash,
} from "../../../ml/training/checkpoint.ts";
import type { Clock } from "../../../node/clock.ts";
import { wholeOf } from "../../../node/workers/blob-source.ts";
import type { TrainTask, TrainTaskResult } from "../../../node/workers/kinds/train/task.ts";
import type { TaskControl } from "../../../node/workers/task-control.ts";
import { WorkerError } from "../../../node/workers/worker-error.ts";
import type { Workers } from "../../../node/workers/workers.ts";
import type { Random } from "../random.ts";

const DECAY = 0.5;
const STEP = 0.02;
const EVALUATED_ROWS = 100;

/** What a participant's worker does with its training. */
export type TrainingLie = "none" | "invents" | "skips-part";

export interface EngineOptions {
  /** Virtual milliseconds. */
  readonly msPerSegment: number;
  /** Chance that a task fails for a reason of the machine's. */
  readonly failures: number;
  readonly lie: TrainingLie;
  /** Replays come to another state. */
  readonly accuses: boolean;
}

export interface EngineModules {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every training for a commit, by its seed. @returns what is to be told of its end */
  began(seed: Uint8Array): (isWhole: boolean) => void;
}

export function standInEngine(
  { msPerSegment, failures, lie, accuses }: EngineOptions,
  { clock, random, began }: EngineModules,
): Pick<Workers, "train" | "retrain" | "evaluate"> {
  const work = async (segments: number, { deadlineMs, signal }: TaskControl): Promise<void> => {
    const ms = segments * msPerSegment;
    await clock.sleep(Math.min(ms, deadlineMs), signal);
    if (ms > deadlineMs) {
      const facts = { code: "DEADLINE", kind: "train", deadlineMs } as const;
      throw new WorkerError("the task took too long", facts);
    }
    if (!random.chance(failures)) return;
    throw new WorkerError("the worker broke down", { code: "LINK_LOST", worker: "w", reason: "x" });
  };
  return {
    train: async (task, { onState, ...control }) => {
      const isOwn = onState !== undefined;
      const ended = isOwn ? began(task.seed) : () => {};
      try {
        const run = trained(await startOf(task), orderOf(task), isOwn ? lie : "none");
        await work(run.states.length - 1, control);
        run.states.slice(1, -1).forEach((state, i) => {
          onState?.(i + 1, encodeCheckpoint(state));
        });
        ended(true);
        const result = resultOf(run, (run.states.length - 1) * msPerSegment);
        return isOwn || !accuses ? result : accusing(result);
      } catch (error) {
        ended(false);
        throw error;
      }
    },
    retrain: async (task, control) => {
      const origin = await startOf(task);
      const { segment, startState } = task;
      const start =
        startState === undefined
          ? { parameters: origin, optimizerState: new Float32Array(origin.length) }
          : decodeCheckpoint(startState, origin.length);
      await work(1, control);
      const end = accuses ? invented(start) : advanced(start, task.seed, segment);
      return { origin: stateHash(begin(origin)), end: stateHash(end) };
    },
    evaluate: async (task, control) => {
      await work(1, control);
      return evaluated(floatsOfBytes(await wholeOf(task.parameters)));
    },
  };
}

export interface Run {
  readonly samples: number;
  /** At all boundaries of segments. */
  readonly states: readonly Checkpoint[];
}

/** The training of one round, as everybody can repeat it. */
export function trained(
  start: Float32Array,
  { seed, samples, segments }: RunOrder,
  lie: TrainingLie,
): Run {
  const states: Checkpoint[] = [begin(start)];
  for (let segment = 0; segment < segments; segment++) {
    const last = states[segment] ?? begin(start);
    const isFalse = lie === "invents" || (lie === "skips-part" && segment >= segments / 2);
    states.push(isFalse ? invented(last) : advanced(last, seed, segment));
  }
  return { samples, states };
}

export interface RunOrder {
  readonly seed: Uint8Array;
  readonly samples: number;
  readonly segments: number;
}

function orderOf({ seed, chunks, epochs, dataset, hyperparameters }: TrainTask): RunOrder {
  const rows = chunks.reduce((sum, at) => sum + (dataset.index.train.rows[at] ?? 0), 0);
  const samples = rows * epochs;
  const { batchSize } = hyperparameters;
  return { seed, samples, segments: segmentCount({ localEpochs: epochs, batchSize }, samples) };
}

export function evaluated(parameters: Float32Array): Evaluation {
  const [right = 0, wrong = 0] = sha256(bytesOfFloats(parameters));
  const confusion = Uint32Array.of(right + 1, wrong, 0, EVALUATED_ROWS);
  const samples = right + 1 + wrong + EVALUATED_ROWS;
  return { lossSum: wrong, samples, confusion };
}

async function startOf({ parameters }: TrainTask): Promise<Float32Array> {
  return floatsOfBytes(await wholeOf(parameters));
}

function begin(parameters: Float32Array): Checkpoint {
  return { parameters, optimizerState: new Float32Array(parameters.length) };
}

/** One segment further. */
function advanced(
  { parameters, optimizerState }: Checkpoint,
  seed: Uint8Array,
  segment: number,
): Checkpoint {
  const noise = sha256(seed, uint32Bytes(segment));
  const momentum = optimizerState.map(
    (value, i) => DECAY * value + ((noise[i % noise.length] ?? 0) - 128) / 128,
  );
  const next = parameters.map((value, i) => value - STEP * (momentum[i] ?? 0));
  return { parameters: next, optimizerState: momentum };
}

/** A state that no training leads to. */
function invented({ parameters, optimizerState }: Checkpoint): Checkpoint {
  return { parameters: parameters.map((value) => value + STEP), optimizerState };
}

function resultOf({ samples, states }: Run, durationMs: number): TrainTaskResult {
  const end = states.at(-1);
  if (end === undefined) throw new RangeError("a run without states");
  return {
    parameters: end.parameters,
    steps: states.length - 1,
    samples,
    meanLoss: 1,
    checkpoints: states.map(stateHash),
    optimizerHash: sha256(bytesOfFloats(end.optimizerState)),
    durationMs,
  };
}

function accusing(result: TrainTaskResult): TrainTaskResult {
  const checkpoints = result.checkpoints.map((hash, i) => (i === 0 ? hash : sha256(hash)));
  return { ...result, checkpoints };
}
