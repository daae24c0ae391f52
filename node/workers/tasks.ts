/**
 * What a node can ask of a worker and what it gets back. Callers see these values only; how they
 * travel is the business of protocol.ts.
 */
import type { DatasetIndex } from "../../ml/dataset/dataset-index.ts";
import type { Split } from "../../ml/dataset/manifest.ts";
import type { EngineName, Evaluation } from "../../ml/engine.ts";
import type { Hyperparameters } from "../../ml/hyperparameters.ts";
import type { TrackRun, TrackRunResult } from "../../ml/track/run.ts";
import type { BlobSource } from "./blob-source.ts";

/** A dataset the node holds. What the worker has already is not read. */
export interface DatasetSource {
  /** The manifest as canonical JSON bytes. */
  readonly manifest: BlobSource;
  /** What the manifest says of its chunks. */
  readonly index: DatasetIndex;
  /** The bytes of one chunk; called when they are to be read. */
  readChunk(split: Split, at: number): AsyncIterable<Uint8Array>;
}

/** A model with the values it starts from. */
export interface ModelTask {
  /** LayersModel JSON bytes. */
  readonly model: BlobSource;
  /** In the layout of the program, float32 little-endian. */
  readonly parameters: BlobSource;
  readonly engine: EngineName;
  readonly hyperparameters: Hyperparameters;
  /** What the order says that a sample step costs; the worker holds the model to it. */
  readonly operations?: number | undefined;
  readonly dataset: DatasetSource;
}

/** Local training of one round. */
export interface TrainTask extends ModelTask {
  /** Indexes of the train chunks that make the shard. */
  readonly chunks: readonly number[];
  readonly epochs: number;
  /** 32 bytes, different for each job, round and participant. */
  readonly seed: Uint8Array;
  /** Audited parts; default SEGMENTS of chain/job/segments.ts. */
  readonly segments?: number;
}

export interface TrainTaskResult {
  readonly parameters: Float32Array;
  readonly steps: number;
  /** Sample steps: rows x epochs. */
  readonly samples: number;
  readonly meanLoss: number;
  /** `stateHash` (ml/training/checkpoint.ts) at the segments + 1 boundaries. */
  readonly checkpoints: readonly Uint8Array[];
  /** SHA-256 of the optimizer's values at the end. */
  readonly optimizerHash: Uint8Array;
  /** On the worker, without waiting and transfers. */
  readonly durationMs: number;
}

/** Loss and confusion counts over test chunks. */
export interface EvaluateTask extends ModelTask {
  /** Default `test`. */
  readonly split?: Split;
  /** Indexes of the chunks; default all. */
  readonly chunks?: readonly number[];
}

export type EvaluateTaskResult = Evaluation;

/** One lane of the baseline benchmark: segments in strict sequence until the window ends. */
export interface BaselineTask {
  /** Version of the baseline task. */
  readonly task: number;
  /** 32 bytes. */
  readonly seed: Uint8Array;
  readonly stepsPerSegment: number;
  readonly maxSegments: number;
}

export interface BaselineTaskResult {
  /** Finished segments. */
  readonly segments: number;
  /** SHA-256 of the segments + 1 states, the start first; empty when no worker got to start. */
  readonly checkpoints: readonly Uint8Array[];
  /** Merkle root over `checkpoints`, zero bytes when there are none: what a window claim says. */
  readonly checkpointRoot: Uint8Array;
  /** Part of a core that the lane had, by its worker's word, 0 to 1; undefined: none finished. */
  readonly coreShare: number | undefined;
}

/** Re-execution of one segment of somebody's lane. */
export interface ReplayTask {
  /** Version of the baseline task. */
  readonly task: number;
  /** Seed of the lane, 32 bytes. */
  readonly seed: Uint8Array;
  readonly index: number;
  readonly stepsPerSegment: number;
  /** The encoded checkpoint that was served. */
  readonly startState: Uint8Array;
}

/** Re-execution of one segment of somebody's training. */
export interface RetrainTask extends TrainTask {
  /** From 0. */
  readonly segment: number;
  /** The encoded checkpoint that was served; none for the first segment. */
  readonly startState: Uint8Array | undefined;
}

/** `stateHash` of what an honest run goes through. */
export interface RetrainTaskResult {
  /** At the beginning of the run. */
  readonly origin: Uint8Array;
  /** At the end of the segment. */
  readonly end: Uint8Array;
}

export interface TaskProgress {
  /** Steps (of a lane: segments) done. */
  readonly step: number;
  /** Steps in all; of a lane its limit. */
  readonly steps: number;
  /** Loss of the last batch; undefined where there is none. */
  readonly loss: number | undefined;
}

export interface TaskControl {
  /** From now, waiting in the queue and repeated attempts included. */
  readonly deadlineMs: number;
  /** Gives the task up; its promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Goes back to the start when a task is repeated on another worker. */
  readonly onProgress?: (progress: TaskProgress) => void;
}

export interface TrainControl extends TaskControl {
  /**
   * Sees the encoded state at every boundary between two segments, the first at index 1. Keep them
   * to serve auditors. A task repeated on another worker gives the same states again.
   */
  readonly onState?: (index: number, state: Uint8Array) => void;
}

export interface BaselineControl extends TaskControl {
  /** Ends the lane: its promise resolves with the segments finished by then. */
  readonly until: AbortSignal;
  /**
   * Sees the encoded state at every boundary, index 0 the start; segment n runs from state n to
   * n + 1. Keep them to serve verifiers. A lane repeated on another worker gives the same states
   * again.
   */
  readonly onState?: (index: number, state: Uint8Array) => void;
}

/** What node/jobs needs of a worker pool. Every method throws WorkerError. */
export interface Workers {
  train(task: TrainTask, control: TrainControl): Promise<TrainTaskResult>;
  retrain(task: RetrainTask, control: TaskControl): Promise<RetrainTaskResult>;
  evaluate(task: EvaluateTask, control: TaskControl): Promise<EvaluateTaskResult>;
  baseline(task: BaselineTask, control: BaselineControl): Promise<BaselineTaskResult>;
  /** @returns SHA-256 of the state at the end of the segment */
  replay(task: ReplayTask, control: TaskControl): Promise<Uint8Array>;
  /** A node's training on the open track, this one's or one to be judged. */
  track(run: TrackRun, control: TaskControl): Promise<TrackRunResult>;
}
