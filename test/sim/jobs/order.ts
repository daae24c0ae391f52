/** The order of a simulated job: its few small files, and what a node reads out of them. */
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import type { JobSpec } from "../../../chain/types/job.ts";
import type { TrainSpec } from "../../../chain/types/train.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import type { ChunkTable, DatasetIndex } from "../../../ml/dataset/dataset-index.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import type { Clock } from "../../../node/clock.ts";
import type { JobServicesModules } from "../../../node/jobs/job-services.ts";
import type { JobFilesModules } from "../../../node/jobs/train/job-files.ts";
import {
  type InspectingHelpers,
  OrderInspector,
} from "../../../node/jobs/train/orders/order-inspector.ts";
import { jobSpec, type TrainOrder } from "../../helpers/job-run.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const PARAMETERS = 12;
const ROWS_PER_CHUNK = 24;
const CHUNK_BYTES = 100;
const READING_MS = 40;

const MODEL = text(JSON.stringify(presetModel("logistic", { inputShape: [5], classes: 2 })));
const MANIFEST = text("the manifest of a simulated dataset");
const TORRENT = text("the torrent of a simulated dataset");
export const INITIAL = Float32Array.from({ length: PARAMETERS }, (_, i) => 1 + i / 8);

/** What the client's node has on its disk. */
export const ORDER_FILES: readonly Uint8Array[] = [
  MODEL,
  MANIFEST,
  TORRENT,
  bytesOfFloats(INITIAL),
];

const ORDER_HASHES: ReadonlySet<string> = new Set(ORDER_FILES.map((file) => toHex(sha256(file))));

export function isOrderFile(hash: Uint8Array): boolean {
  return ORDER_HASHES.has(toHex(hash));
}

export function orderSpec(changes: Partial<TrainOrder> & { readonly chunks: number }): JobSpec {
  const { chunks, ...rest } = changes;
  return jobSpec("simulated", {
    model: sha256(MODEL),
    dataset: sha256(MANIFEST),
    torrent: sha256(TORRENT),
    initialParameters: sha256(bytesOfFloats(INITIAL)),
    parameterCount: PARAMETERS,
    operations: 1_000n,
    trainChunks: chunks,
    trainRows: chunks * ROWS_PER_CHUNK,
    testRows: ROWS_PER_CHUNK,
    batchSize: 4,
    ...rest,
  });
}

function table(split: string, chunks: number): ChunkTable {
  return {
    rows: new Uint32Array(chunks).fill(ROWS_PER_CHUNK),
    bytes: new Uint32Array(chunks).fill(CHUNK_BYTES),
    hashes: new Uint8Array(32 * chunks),
    files: Array.from({ length: chunks }, (_, i) => `${split}-${i}.bin`),
  };
}

export function indexOf({ trainChunks }: Pick<TrainSpec, "trainChunks">): DatasetIndex {
  return {
    id: toHex(sha256(MANIFEST)),
    size: MANIFEST.length,
    classes: 2,
    train: table("train", trainChunks),
    test: table("test", 1),
  };
}

/** Reads orders after a while, in place of a helper process. */
export function inspectorOn(clock: Clock): OrderInspector {
  const run: InspectingHelpers["exact"]["run"] = async (_kind, task, _limits, { signal }) => {
    await clock.sleep(READING_MS, signal);
    const dataset = indexOf(task.facts);
    return { kind: "possible", dataset, workerBytes: 1, stepOperations: 1 };
  };
  return new OrderInspector({ exact: { run }, tfjs: { run } });
}

/** Chunks come by themselves: torrents are not what is simulated. */
export const DATASETS: JobFilesModules["datasets"] = {
  fetch: async ({ index, manifest }) => ({
    index,
    manifest,
    async *readChunk() {
      yield new Uint8Array(CHUNK_BYTES);
    },
  }),
};

export const OPENER: JobServicesModules["opener"] = {
  read: async (json) => parseLayersModel(json),
};
