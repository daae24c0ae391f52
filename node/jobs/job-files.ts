/** Everything a job names by hash, fetched from whoever has it and decoded. */
import { JOB_ENGINES, JOB_PARTITIONS, type Job, type JobSpec } from "../../chain/types/job.ts";
import { floatsOfBytes } from "../../ml/bytes.ts";
import type { Manifest, Split } from "../../ml/dataset/manifest.ts";
import { assignChunks } from "../../ml/dataset/partition.ts";
import type { EngineName } from "../../ml/engine.ts";
import { hyperparametersOf } from "../../ml/job-hyperparameters.ts";
import type { BlobFetcher } from "../blobs/blob-fetcher.ts";
import type { DatasetSource, ModelTask } from "../workers/tasks.ts";
import type { DatasetService } from "./dataset-service.ts";

const MAX_MODEL_BYTES = 16 * 1024 * 1024;
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
const MAX_TORRENT_BYTES = 4 * 1024 * 1024;

export interface JobFilesModules {
  readonly fetcher: BlobFetcher;
  readonly datasets: DatasetService;
}

export class JobFiles {
  readonly #modules: JobFilesModules;

  constructor(modules: JobFilesModules) {
    this.#modules = modules;
  }

  async manifest(
    spec: JobSpec,
    signal: AbortSignal,
  ): Promise<{ bytes: Uint8Array; manifest: Manifest }> {
    const { fetcher, datasets } = this.#modules;
    const bytes = await fetcher.fetch(spec.dataset, { maxBytes: MAX_MANIFEST_BYTES, signal });
    return { bytes, manifest: (await datasets.manifests.read(bytes)).manifest };
  }

  /** Global parameters by hash. */
  async parameters(spec: JobSpec, hash: Uint8Array, signal: AbortSignal): Promise<Float32Array> {
    const maxBytes = 4 * spec.parameterCount;
    return floatsOfBytes(await this.#modules.fetcher.fetch(hash, { maxBytes, signal }));
  }

  /** What a worker needs to train or evaluate; the chunks are on this disk when it resolves. */
  async modelTask(
    spec: JobSpec,
    parameters: Float32Array,
    chunks: { readonly split: Split; readonly indexes: readonly number[] },
    signal: AbortSignal,
  ): Promise<ModelTask> {
    const { fetcher } = this.#modules;
    const model = await fetcher.fetch(spec.model, { maxBytes: MAX_MODEL_BYTES, signal });
    return {
      model,
      parameters,
      engine: engineOf(spec),
      hyperparameters: hyperparametersOf(spec),
      operations: Number(spec.operations),
      dataset: await this.dataset(spec, chunks, signal),
    };
  }

  async dataset(
    spec: JobSpec,
    chunks: { readonly split: Split; readonly indexes: readonly number[] },
    signal: AbortSignal,
  ): Promise<DatasetSource> {
    const { fetcher, datasets } = this.#modules;
    const { bytes } = await this.manifest(spec, signal);
    const torrent = await fetcher.fetch(spec.torrent, { maxBytes: MAX_TORRENT_BYTES, signal });
    return datasets.fetch(bytes, torrent, chunks, signal);
  }
}

export function engineOf(spec: JobSpec): EngineName {
  const engine = JOB_ENGINES[spec.engine];
  if (engine === undefined) throw new RangeError(`no engine ${spec.engine}`);
  return engine;
}

/** Train chunks of the participant at this position. */
export function shardChunks({ spec, participants }: Job, position: number): readonly number[] {
  const partition = JOB_PARTITIONS[spec.partition] ?? "iid";
  const shards = assignChunks(spec.trainChunks, participants.length, spec.seed, partition);
  const shard = shards[position];
  if (shard === undefined) throw new RangeError(`no shard ${position}`);
  return shard;
}

/** Sample steps the participant at this position owes per round. */
export function shardSamples(job: Job, manifest: Manifest, position: number): number {
  const rows = shardChunks(job, position).reduce(
    (sum, index) => sum + (manifest.train[index]?.rows ?? 0),
    0,
  );
  return rows * job.spec.localEpochs;
}
