/**
 * All files that a job names by hash: fetched to this disk from any peer that has them, and read before they are used.
 */
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import type { Job, JobSpec } from "../../../chain/types/job.ts";
import { JOB_PARTITIONS } from "../../../chain/types/train.ts";
import { trainSpec } from "../../../chain/workload/train/train-of.ts";
import type { DatasetIndex } from "../../../ml/dataset/dataset-index.ts";
import { MAX_MANIFEST_BYTES, type Split } from "../../../ml/dataset/manifest.ts";
import { assignChunks } from "../../../ml/dataset/partition.ts";
import { stateBytes } from "../../../ml/federation/server-state.ts";
import { strategyOf } from "../../../ml/federation/strategy.ts";
import { hyperparametersOf } from "../../../ml/job-hyperparameters.ts";
import type { BlobFetcher } from "../../blobs/blob-fetcher.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { HelperError } from "../../helpers/helper-error.ts";
import type { BlobSource } from "../../workers/blob-source.ts";
import type { DatasetSource, ModelTask } from "../../workers/kinds/model-task.ts";
import type { ImpossibleReason } from "../impossible-reason.ts";
import { JobError } from "../job-error.ts";
import type { DatasetService } from "./dataset-service.ts";
import { engineOf } from "./job-engine.ts";
import type { Inspection, NamedFile } from "./orders/inspect-order.ts";
import type { OrderInspector } from "./orders/order-inspector.ts";

/** Far more than the JSON of 50,000 values takes; a model may have no more values. */
const MAX_MODEL_BYTES = 4 * 1024 * 1024;
const MAX_TORRENT_BYTES = 4 * 1024 * 1024;

export type PossibleOrder = Extract<Inspection, { kind: "possible" }>;

export interface JobFilesModules {
  readonly fetcher: Pick<BlobFetcher, "fetch" | "fetchFile">;
  readonly datasets: Pick<DatasetService, "fetch">;
  readonly inspector: Pick<OrderInspector, "inspect">;
  readonly blobs: Pick<BlobStore, "verify">;
}

export type OrderedJob = Pick<Job, "spec" | "participants" | "client">;
type Chunks = { readonly split: Split; readonly indexes: readonly number[] };

export class JobFiles {
  readonly #modules: JobFilesModules;

  constructor(modules: JobFilesModules) {
    this.#modules = modules;
  }

  /**
   * The facts of model and manifest, once they have been read and found to fit the order.
   * @throws JobError ORDER_IMPOSSIBLE; HelperError, BlobError when this node could not read them
   */
  async order(job: OrderedJob, signal: AbortSignal): Promise<PossibleOrder> {
    const found = await this.#inspect(job, signal);
    if (found.kind === "possible") return found;
    throw impossible(found.reason, found.detail);
  }

  async #inspect(
    { spec, participants, client }: OrderedJob,
    signal: AbortSignal,
  ): Promise<Inspection> {
    const count = Math.max(1, participants.length);
    const { inspector, blobs } = this.#modules;
    const { model, dataset } = trainSpec(spec);
    try {
      const files = async (wanted: AbortSignal) => ({
        model: await this.#file(model, MAX_MODEL_BYTES, wanted),
        manifest: await this.#file(dataset, MAX_MANIFEST_BYTES, wanted),
      });
      return await inspector.inspect(spec, count, { client: toHex(client), files, signal });
    } catch (error) {
      // A file that this disk has damaged would fail every time; it is removed and fetched again.
      if (error instanceof HelperError) {
        await blobs.verify(model);
        await blobs.verify(dataset);
      }
      throw error;
    }
  }

  /**
   * Global parameters by hash.
   * @throws JobError ORDER_IMPOSSIBLE when the initial ones have another length
   */
  async parameters(spec: JobSpec, hash: Uint8Array, signal: AbortSignal): Promise<BlobSource> {
    const size = 4 * trainSpec(spec).parameterCount;
    const { source } = await this.#modules.fetcher.fetchFile(hash, { maxBytes: size, signal });
    if (source.size === size) return source;
    throw impossible("weights", `the parameters have ${source.size} bytes, the order ${size}`);
  }

  /** What the aggregation kept in a round, by hash. */
  async serverState(spec: JobSpec, hash: Uint8Array, signal: AbortSignal): Promise<NamedFile> {
    const { parameterCount, aggregation } = trainSpec(spec);
    const vectors = strategyOf(aggregation).initial.length;
    return this.#file(hash, stateBytes({ vectors, parameterCount }), signal);
  }

  /** The inputs of a worker that trains or evaluates; when it resolves, the chunks are on this disk. */
  async modelTask(
    job: OrderedJob,
    parameters: BlobSource,
    chunks: Chunks,
    signal: AbortSignal,
  ): Promise<ModelTask> {
    const spec = trainSpec(job.spec);
    const dataset = await this.dataset(job, chunks, signal);
    const options = { maxBytes: MAX_MODEL_BYTES, signal };
    const { source } = await this.#modules.fetcher.fetchFile(spec.model, options);
    return {
      model: source,
      parameters,
      engine: engineOf(spec),
      hyperparameters: hyperparametersOf(spec),
      operations: Number(spec.operations),
      dataset,
    };
  }

  async dataset(job: OrderedJob, chunks: Chunks, signal: AbortSignal): Promise<DatasetSource> {
    const { fetcher, datasets } = this.#modules;
    const { torrent: torrentHash } = trainSpec(job.spec);
    const { dataset: index } = await this.order(job, signal);
    const torrent = await fetcher.fetch(torrentHash, { maxBytes: MAX_TORRENT_BYTES, signal });
    const options = { maxBytes: MAX_MANIFEST_BYTES, signal };
    const { source } = await fetcher.fetchFile(fromHex(index.id), options);
    return datasets.fetch({ index, manifest: source, torrentFile: torrent }, chunks, signal);
  }

  async #file(hash: Uint8Array, maxBytes: number, signal: AbortSignal): Promise<NamedFile> {
    const { path } = await this.#modules.fetcher.fetchFile(hash, { maxBytes, signal });
    return { path, hash: toHex(hash) };
  }
}

function impossible(reason: ImpossibleReason, detail: string): JobError {
  return new JobError(
    `the order cannot be carried out: ${detail}`,
    { code: "ORDER_IMPOSSIBLE", reason },
    { action: "local" },
  );
}

/** Train chunks of the participant at this position. */
export function shardChunks(
  { spec, participants }: Pick<Job, "spec" | "participants">,
  position: number,
): readonly number[] {
  const { partition, trainChunks, seed } = trainSpec(spec);
  const rule = JOB_PARTITIONS[partition] ?? "iid";
  const shards = assignChunks(trainChunks, participants.length, seed, rule);
  const shard = shards[position];
  if (shard === undefined) throw new RangeError(`no shard ${position}`);
  return shard;
}

/** Number of sample steps that the participant at this position must do in each round. */
export function shardSamples(
  job: Job,
  { train }: Pick<DatasetIndex, "train">,
  position: number,
): number {
  const rows = shardChunks(job, position).reduce((sum, at) => sum + (train.rows[at] ?? 0), 0);
  return rows * trainSpec(job.spec).localEpochs;
}
