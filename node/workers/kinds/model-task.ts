/** Tasks with a model and a dataset: what callers pass in, and the inputs made from it. */
import { chunkOf, type DatasetIndex } from "../../../ml/dataset/dataset-index.ts";
import type { ManifestChunk, Split } from "../../../ml/dataset/manifest.ts";
import type { EngineName } from "../../../ml/engine.ts";
import type { Hyperparameters } from "../../../ml/hyperparameters.ts";
import type { BlobSource } from "../blob-source.ts";
import { badTask } from "../worker-error.ts";
import type { InputGroup } from "./work.ts";

/** A dataset on the node. Data that the worker already has is not read. */
export interface DatasetSource {
  /** The manifest as canonical JSON bytes. */
  readonly manifest: BlobSource;
  /** The description of its chunks in the manifest. */
  readonly index: DatasetIndex;
  /** The bytes of one chunk; called when they are needed. */
  readChunk(split: Split, at: number): AsyncIterable<Uint8Array>;
}

/** A model with its start values. */
export interface ModelTask {
  /** LayersModel JSON bytes. */
  readonly model: BlobSource;
  /** In the layout of the program, float32 little-endian. */
  readonly parameters: BlobSource;
  readonly engine: EngineName;
  readonly hyperparameters: Hyperparameters;
  /** The cost of a sample step according to the order; the worker checks the model against it. */
  readonly operations?: number | undefined;
  readonly dataset: DatasetSource;
}

export function modelFields({
  engine,
  hyperparameters,
  operations,
}: ModelTask): Pick<ModelTask, "engine" | "hyperparameters" | "operations"> {
  return { engine, hyperparameters, ...(operations !== undefined && { operations }) };
}

/** @throws WorkerError BAD_TASK for a chunk that the dataset does not have */
export function modelInputs(
  { model, parameters, dataset }: ModelTask,
  split: Split,
  chunks: readonly number[],
): InputGroup[] {
  const shard = chunks.map((at): BlobSource => {
    const { sha256: hash, bytes: size } = chunkAt(dataset.index, split, at);
    return { hash, size, pieces: () => dataset.readChunk(split, at) };
  });
  return [
    { name: "model", blobs: [model], isKept: true },
    { name: "manifest", blobs: [dataset.manifest], isKept: true },
    // New in every round.
    { name: "parameters", blobs: [parameters], isKept: false },
    { name: "chunks", blobs: shard, isKept: true },
  ];
}

/** @throws WorkerError BAD_TASK */
export function chunkAt(index: DatasetIndex, split: Split, at: number): ManifestChunk {
  if (index[split].files[at] !== undefined) return chunkOf(index, split, at);
  throw badTask("chunks", `the dataset has no ${split} chunk ${at}`);
}

export function parameterCount({ parameters }: Pick<ModelTask, "parameters">): number {
  return parameters.size / Float32Array.BYTES_PER_ELEMENT;
}
