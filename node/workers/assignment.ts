/**
 * A task in the form in which a link carries it: the order, its inputs, what may come back, and how
 * that becomes the result. Made anew for every attempt from the same task.
 */
import { equalBytes, fromHex, sha256, toHex } from "../../chain/crypto/hash.ts";
import { merkleRoot } from "../../chain/proof/hash-tree.ts";
import { SEGMENTS } from "../../chain/workload/train/segments.ts";
import { floatsOfBytes } from "../../ml/bytes.ts";
import { chunkOf, type DatasetIndex, rowsOf } from "../../ml/dataset/dataset-index.ts";
import type { ManifestChunk, Split } from "../../ml/dataset/manifest.ts";
import { maxCheckpointBytes } from "../../ml/training/checkpoint.ts";
import { type BlobSource, inMemory } from "./blob-source.ts";
import type { OutputName, WireOrder, WireResult } from "./protocol.ts";
import type {
  BaselineControl,
  BaselineTask,
  BaselineTaskResult,
  EvaluateTask,
  EvaluateTaskResult,
  ModelTask,
  ReplayTask,
  RetrainTask,
  RetrainTaskResult,
  TrainControl,
  TrainTask,
  TrainTaskResult,
} from "./tasks.ts";
import { badTask, breach } from "./worker-error.ts";

const HASH_BYTES = 32;
/** Model, manifest, parameters: what comes before the chunks. */
const MODEL_INPUTS = 3;
/** A baseline state is 340 kB; leaves room for a larger task version. */
const MAX_STATE_BYTES = 16 * 1024 * 1024;

export interface Assignment<T> {
  readonly order: WireOrder;
  /** Read only when the worker lacks them. */
  readonly inputs: readonly BlobSource[];
  /** Largest size of an output; 0 refuses it. */
  limitOf(name: OutputName): number;
  onOutput(name: OutputName, index: number, bytes: Uint8Array): void;
  /** @throws WorkerError PROTOCOL when the parts do not make a result */
  finish(result: WireResult): T;
}

export function trainAssignment(
  task: TrainTask,
  { onState }: Pick<TrainControl, "onState"> = {},
): Assignment<TrainTaskResult> {
  const { engine, hyperparameters, operations, epochs, segments = SEGMENTS } = task;
  const stateBytes = maxCheckpointBytes(parameterCount(task));
  const sizes = {
    parameters: task.parameters.size,
    checkpoints: (segments + 1) * HASH_BYTES,
  };
  const outputs = new Outputs(sizes);
  const arrived = new Set<number>();
  return {
    order: {
      kind: "train",
      engine,
      hyperparameters,
      ...(operations !== undefined && { operations }),
      epochs,
      segments,
      seed: toHex(task.seed),
      states: onState !== undefined,
    },
    inputs: modelInputs(task, "train", task.chunks),
    limitOf: (name) => {
      if (name !== "state") return outputs.limitOf(name);
      return onState === undefined ? 0 : stateBytes;
    },
    onOutput: (name, index, bytes) => {
      if (name !== "state") return outputs.keep(name, index, bytes);
      if (index < 1 || index > segments) throw breach(`state ${index} of ${segments} segments`);
      arrived.add(index);
      onState?.(index, bytes);
    },
    finish(result) {
      if (result.kind !== "train") throw breach(`a ${result.kind} result of a train task`);
      const { steps, samples, meanLoss, durationMs } = result;
      const parameters = floatsOfBytes(outputs.take("parameters", sizes.parameters));
      const checkpoints = splitHashes(outputs.take("checkpoints"));
      const optimizerHash = fromHex(result.optimizerHash);
      // Segments begin in these; an attempt must not be completed with what another one sent.
      for (let index = 1; onState !== undefined && index < checkpoints.length - 1; index++) {
        if (!arrived.has(index)) throw breach(`a result without state ${index}`);
      }
      return { parameters, steps, samples, meanLoss, checkpoints, optimizerHash, durationMs };
    },
  };
}

export function retrainAssignment(task: RetrainTask): Assignment<RetrainTaskResult> {
  const { engine, hyperparameters, operations, epochs, segments = SEGMENTS } = task;
  const { segment, startState } = task;
  const inputs = modelInputs(task, "train", task.chunks);
  const start = startState === undefined ? [] : [inMemory(startState)];
  return {
    order: {
      kind: "retrain",
      engine,
      hyperparameters,
      ...(operations !== undefined && { operations }),
      epochs,
      segments,
      seed: toHex(task.seed),
      segment,
    },
    inputs: inputs.toSpliced(MODEL_INPUTS, 0, ...start),
    limitOf: () => 0,
    onOutput: () => {},
    finish(result) {
      if (result.kind !== "retrain") throw breach(`a ${result.kind} result of a retrain task`);
      return { origin: fromHex(result.origin), end: fromHex(result.end) };
    },
  };
}

export function evaluateAssignment(task: EvaluateTask): Assignment<EvaluateTaskResult> {
  const { engine, hyperparameters, operations, split = "test" } = task;
  const { index } = task.dataset;
  const size = index.classes ** 2 * Uint32Array.BYTES_PER_ELEMENT;
  const outputs = new Outputs({ confusion: size });
  const { chunks } = task;
  return {
    order: {
      kind: "evaluate",
      engine,
      hyperparameters,
      ...(operations !== undefined && { operations }),
      split,
    },
    inputs: modelInputs(task, split, chunks ?? [...index[split].files.keys()]),
    limitOf: outputs.limitOf,
    onOutput: outputs.keep,
    finish(result) {
      if (result.kind !== "evaluate") throw breach(`a ${result.kind} result of an evaluate task`);
      const confusion = countsOf(outputs.take("confusion", size));
      const samples =
        chunks?.reduce((sum, at) => sum + chunkAt(index, split, at).rows, 0) ??
        rowsOf(index[split]);
      const counted = confusion.reduce((sum, count) => sum + count, 0);
      if (result.samples !== samples || counted !== samples) {
        throw breach(`an evaluation of ${counted} rows out of ${samples}`);
      }
      return { lossSum: result.lossSum, samples, confusion };
    },
  };
}

/**
 * The states that arrive are the result: their hashes are the checkpoints. A later attempt gives
 * the same states again, so what an earlier one reached still counts. Where it does not, one of the two
 * workers is broken, and a lane of states of both would be false: it ends where they part.
 */
export class BaselineLane {
  readonly #task: BaselineTask;
  readonly #onState: BaselineControl["onState"];
  #checkpoints: Uint8Array[] = [];
  /** States from this one on are not believed. */
  #ends = Number.POSITIVE_INFINITY;

  constructor(task: BaselineTask, { onState }: Pick<BaselineControl, "onState">) {
    this.#task = task;
    this.#onState = onState;
  }

  attempt(): Assignment<BaselineTaskResult> {
    const { task, stepsPerSegment, maxSegments } = this.#task;
    let next = 0;
    return {
      order: { kind: "baseline", task, seed: toHex(this.#task.seed), stepsPerSegment, maxSegments },
      inputs: [],
      limitOf: (name) => (name === "state" && next <= maxSegments ? MAX_STATE_BYTES : 0),
      onOutput: (_, index, state) => {
        if (index !== next) throw breach(`state ${index} of a lane, expected ${next}`);
        next += 1;
        if (this.#isBelieved(index, sha256(state))) this.#onState?.(index, state);
      },
      finish: (result) => {
        if (result.kind !== "baseline" || result.segments + 1 !== next) {
          throw breach("a lane's result that is not the states it sent");
        }
        return this.result(result.coreShare);
      },
    };
  }

  #isBelieved(index: number, hash: Uint8Array): boolean {
    if (index >= this.#ends) return false;
    const before = this.#checkpoints[index];
    if (before !== undefined && !equalBytes(before, hash)) {
      this.#ends = index;
      this.#checkpoints = this.#checkpoints.slice(0, index);
      return false;
    }
    this.#checkpoints[index] = hash;
    return true;
  }

  result(coreShare?: number): BaselineTaskResult {
    const checkpoints = [...this.#checkpoints];
    const segments = Math.max(0, checkpoints.length - 1);
    const none = checkpoints.length === 0;
    return {
      segments,
      checkpoints,
      checkpointRoot: none ? new Uint8Array(HASH_BYTES) : merkleRoot(checkpoints),
      coreShare,
    };
  }
}

export function replayAssignment(task: ReplayTask): Assignment<Uint8Array> {
  const { index, stepsPerSegment, startState } = task;
  return {
    order: { kind: "replay", task: task.task, seed: toHex(task.seed), index, stepsPerSegment },
    inputs: [inMemory(startState)],
    limitOf: () => 0,
    onOutput: () => {},
    finish(result) {
      if (result.kind !== "replay") throw breach(`a ${result.kind} result of a replay task`);
      return fromHex(result.hash);
    },
  };
}

/** The outputs of one attempt, each once and within its size. */
class Outputs {
  readonly #limits: Partial<Record<OutputName, number>>;
  readonly #kept = new Map<OutputName, Uint8Array>();

  constructor(limits: Partial<Record<OutputName, number>>) {
    this.#limits = limits;
  }

  readonly limitOf = (name: OutputName): number =>
    this.#kept.has(name) ? 0 : (this.#limits[name] ?? 0);

  readonly keep = (name: OutputName, _index: number, bytes: Uint8Array): void => {
    this.#kept.set(name, bytes);
  };

  take(name: OutputName, size?: number): Uint8Array {
    const bytes = this.#kept.get(name);
    if (bytes === undefined) throw breach(`a result without ${name}`);
    if (size !== undefined && bytes.length !== size) {
      throw breach(`${bytes.length} bytes of ${name}, expected ${size}`);
    }
    return bytes;
  }
}

function modelInputs(task: ModelTask, split: Split, chunks: readonly number[]): BlobSource[] {
  const { model, parameters, dataset } = task;
  const shard = chunks.map((at): BlobSource => {
    const { sha256: hash, bytes: size } = chunkAt(dataset.index, split, at);
    return { hash, size, pieces: () => dataset.readChunk(split, at) };
  });
  return [model, dataset.manifest, parameters, ...shard];
}

function chunkAt(index: DatasetIndex, split: Split, at: number): ManifestChunk {
  if (index[split].files[at] !== undefined) return chunkOf(index, split, at);
  throw badTask("chunks", `the dataset has no ${split} chunk ${at}`);
}

export function parameterCount({ parameters }: Pick<ModelTask, "parameters">): number {
  return parameters.size / Float32Array.BYTES_PER_ELEMENT;
}

function splitHashes(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % HASH_BYTES !== 0) throw breach(`${bytes.length} bytes of hashes`);
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}

function countsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true));
}
