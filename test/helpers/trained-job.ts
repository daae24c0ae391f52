/**
 * A small job done for real, in one process: the chain's rules, training on the exact engine, updates, the
 * team's merge, audits that match. The same bytes on every run. Only network and processes are left out.
 */
import { join } from "node:path";
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { signingRoot } from "../../chain/crypto/signing.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import { leafDigest, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { type Job, JobRecord, type JobSpec } from "../../chain/types/job.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { trainingSeed } from "../../chain/workload/train/seed.ts";
import { trainProgress, trainSpec } from "../../chain/workload/train/train-of.ts";
import { bytesOfFloats, floatsOfBytes } from "../../ml/bytes.ts";
import { buildDataset, type Dataset, shardOfChunks } from "../../ml/dataset/build.ts";
import { canonicalJson } from "../../ml/dataset/canonical-json.ts";
import { decodeChunk } from "../../ml/dataset/chunk.ts";
import { encodeManifest, rowCount, type Split } from "../../ml/dataset/manifest.ts";
import type { Rows } from "../../ml/dataset/rows.ts";
import type { Shard } from "../../ml/dataset/shard.ts";
import { writeDataset } from "../../ml/dataset/store.ts";
import type { Trainer } from "../../ml/engine.ts";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { encodeUpdate } from "../../ml/federation/update-codec.ts";
import { hyperparametersOf } from "../../ml/job-hyperparameters.ts";
import { initialParameters } from "../../ml/model/initial-parameters.ts";
import { type LayersModel, parseLayersModel } from "../../ml/model/layers-model.ts";
import { operationsOf } from "../../ml/model/operations.ts";
import { Random } from "../../ml/random.ts";
import { evaluateShard } from "../../ml/training/evaluate.ts";
import { trainShard } from "../../ml/training/train-shard.ts";
import { BlobFetcher, type BlobFetcherModules } from "../../node/blobs/blob-fetcher.ts";
import { BlobStore } from "../../node/blobs/blob-store.ts";
import { systemClock } from "../../node/clock.ts";
import { DatasetService } from "../../node/jobs/train/dataset-service.ts";
import { JobFiles, shardChunks } from "../../node/jobs/train/job-files.ts";
import { mergeFiles } from "../../node/jobs/train/merge/merge-files.ts";
import { mergeRound } from "../../node/jobs/train/round-result.ts";
import type { NodeLog } from "../../node/telemetry/log.ts";
import { wholeOf } from "../../node/workers/blob-source.ts";
import type { Workers } from "../../node/workers/workers.ts";
import { SILENT } from "../../p2p/log.ts";
import { Torrents } from "../../p2p/torrent/torrents.ts";
import { TestChain } from "./chain.ts";
import { INSPECTOR } from "./job-inspector.ts";
import { auditAnswers, jobOf, jobSpec, nextStep, openJob } from "./job-run.ts";
import { LightChain } from "./light-chain.ts";
import { layer, sequential } from "./models.ts";

const CLASSES = 3;
const ROW_SIZE = 6;

export interface TrainedJob {
  readonly chain: TestChain;
  readonly ledger: LightChain;
  readonly job: Job;
  readonly dataset: Dataset;
  readonly model: LayersModel;
  /** Manifest, topology, parameters of every round and updates, by SHA-256. */
  readonly blobs: BlobStore;
  readonly records: readonly JobRecord[];
}

/** @param dataDir an empty folder */
export async function trainedJob(dataDir: string): Promise<TrainedJob> {
  const chain = new TestChain({ parameters: { windowOffset: 1_000_000 } });
  const ledger = new LightChain(chain);
  const blobs = await BlobStore.open(dataDir);
  const model = smallModel();
  const dataset = smallDataset();
  const spec = await prepared(dataDir, { blobs, model, dataset });
  const open = openJob(chain, chain.client, spec);
  const run = new JobRun(dataDir, { chain, blobs, model, dataset });
  ledger.advance(open);
  while (phaseOf(jobOf(chain, open)) !== "settled") {
    ledger.advance(...(await run.nextStep(jobOf(chain, open))));
    if (chain.height > 200) throw new Error("the job does not end");
  }
  const job = jobOf(chain, open);
  return { chain, ledger, job, dataset, model, blobs, records: run.records };
}

/** Dropout, so that its seeds are part of what a replay must get right. */
function smallModel(): LayersModel {
  return parseLayersModel(
    sequential(
      layer("Dense", "hidden", {
        batch_input_shape: [null, ROW_SIZE],
        units: 9,
        activation: "relu",
        kernel_initializer: "heUniform",
      }),
      layer("Dropout", "dropout", { rate: 0.2 }),
      layer("Dense", "output", { units: CLASSES, activation: "softmax" }),
    ),
  );
}

function smallDataset(): Dataset {
  const random = new Random(sha256(Uint8Array.of(8)));
  const rows = (count: number): Rows => {
    const labels = Uint16Array.from({ length: count }, (_, row) => row % CLASSES);
    const features = new Uint8Array(count * ROW_SIZE).map((_, at) => {
      const isOwn = at % ROW_SIZE === 2 * (labels[Math.floor(at / ROW_SIZE)] ?? 0);
      return random.below(156) + (isOwn ? 100 : 0);
    });
    return { rowSize: ROW_SIZE, features, labels };
  };
  return buildDataset(
    {
      name: "small",
      licence: "none needed",
      source: "test/helpers/trained-job.ts",
      scale: 1 / 255,
      shape: [ROW_SIZE],
      columns: [],
      classes: Array.from({ length: CLASSES }, (_, index) => `class ${index}`),
      train: rows(100),
      test: rows(270),
    },
    { rowsPerChunk: 9 },
  );
}

interface Ingredients {
  readonly blobs: BlobStore;
  readonly model: LayersModel;
  readonly dataset: Dataset;
}

async function prepared(dataDir: string, { blobs, model, dataset }: Ingredients): Promise<JobSpec> {
  const { manifest } = dataset;
  const seed = sha256(Uint8Array.of(9));
  const id = await blobs.put(encodeManifest(manifest));
  await writeDataset(join(dataDir, "datasets", toHex(id)), dataset);
  return jobSpec("small job", {
    model: await blobs.put(canonicalJson(model.json)),
    initialParameters: await blobs.put(bytesOfFloats(initialParameters(model, seed))),
    parameterCount: model.parameterCount,
    operations: BigInt(operationsOf(model)),
    dataset: id,
    // Chunks are on the disk: nobody opens it.
    torrent: await blobs.put(new Uint8Array()),
    trainRows: rowCount(manifest, "train"),
    trainChunks: manifest.train.length,
    testRows: rowCount(manifest, "test"),
    seed,
    rounds: 2,
    localEpochs: 2,
    batchSize: 4,
    participants: 3,
    quorum: 2,
  });
}

class JobRun {
  readonly records: JobRecord[] = [];
  readonly #chain: TestChain;
  readonly #parts: Ingredients;
  readonly #files: JobFiles;
  readonly #fetcher: BlobFetcher;
  /** Hashes of the states of every run, by round and node. */
  readonly #hashes = new Map<string, readonly Uint8Array[]>();

  constructor(dataDir: string, { chain, ...parts }: Ingredients & { readonly chain: TestChain }) {
    const { blobs } = parts;
    this.#chain = chain;
    this.#parts = parts;
    this.#fetcher = fetcherOf(blobs);
    const torrents = new Torrents({}, { log: SILENT });
    const datasets = new DatasetService(
      { dataDir },
      { blobs, torrents, torrentPeers: async () => [] },
    );
    this.#files = new JobFiles({ fetcher: this.#fetcher, datasets, blobs, inspector: INSPECTOR });
  }

  /** The transactions the job waits for now. */
  async nextStep(job: Job): Promise<SignedTransaction[]> {
    switch (phaseOf(job)) {
      case "training":
        return Promise.all(job.participants.map((_, position) => this.#commit(job, position)));
      case "revealing":
        return [await this.#record(job)];
      default: {
        const hashesOf = (_: Job, round: number, node: number): Uint8Array[] => [
          ...(this.#hashes.get(`${round} ${node}`) ?? []),
        ];
        return job.audits.length > 0
          ? auditAnswers(this.#chain, job, () => "match", hashesOf)
          : nextStep(this.#chain, job);
      }
    }
  }

  async #commit(job: Job, position: number): Promise<SignedTransaction> {
    const { blobs, dataset } = this.#parts;
    const { spec, round } = job;
    const { node = 0 } = job.participants[position] ?? {};
    const trainer = await this.#open(spec);
    const run = trainShard(
      {
        parameters: floatsOfBytes(
          (await blobs.get(trainProgress(job).parameters)) ?? new Uint8Array(),
        ),
        epochs: trainSpec(spec).localEpochs,
        batchSize: trainSpec(spec).batchSize,
        seed: trainingSeed(trainSpec(spec), round, position),
      },
      {
        trainer,
        shard: shardOf(dataset, "train", shardChunks(job, position)),
        clock: { now: () => 0 },
      },
    );
    let turn = await run.next();
    while (turn.done !== true) turn = await run.next();
    const { parameters, samples, checkpoints } = turn.value;
    const optimizerHash = sha256(bytesOfFloats(trainer.optimizerState()));
    trainer.dispose();
    this.#hashes.set(`${round} ${node}`, checkpoints);
    const bytes = encodeUpdate({
      participant: node,
      round,
      samples,
      parameters,
      optimizerHash,
      digests: checkpoints.map(leafDigest),
    });
    const commit = {
      job: job.id,
      round,
      updateHash: await blobs.put(bytes),
      checkpointRoot: merkleRoot(checkpoints),
      units: samples,
      workMs: 1,
      updateBytes: bytes.length,
    };
    const person = this.#chain.personOfNode(node);
    return this.#chain.transaction(person, "job-commit", commit, { fee: 0n });
  }

  async #record(job: Job): Promise<SignedTransaction> {
    const chain = this.#chain;
    const outcome = await mergeRound(
      job,
      { phaseMs: 60_000, signal: AbortSignal.timeout(60_000) },
      {
        files: this.#files,
        fetcher: this.#fetcher,
        blobs: this.#parts.blobs,
        workers: this.#evaluator(job.spec),
        clock: systemClock,
        log: QUIET,
        merge: (task) => mergeFiles(task),
        peerOf: String,
      },
    );
    const manager = job.team[0] ?? 0;
    if (outcome.kind !== "merged") throw new Error("a round whose updates are refused");
    const { contributions, gain } = outcome.result;
    const record: JobRecord = {
      job: job.id,
      round: job.round,
      manager,
      contributions: [...contributions],
      durationMs: 1,
      gain,
    };
    this.records.push(record);
    const root = signingRoot("record", chain.genesisRoot, JobRecord.hashTreeRoot(record));
    const cosignatures = job.team.map((node, member) => ({
      member,
      signature: chain.personOfNode(node).keys.sign(root),
    }));
    const person = chain.personOfNode(manager);
    return chain.transaction(person, "job-round", { record, cosignatures }, { fee: 0n });
  }

  #open(spec: JobSpec): Promise<Trainer> {
    return createExactEngine().then((engine) =>
      engine.open(this.#parts.model, hyperparametersOf(trainSpec(spec))),
    );
  }

  /** Evaluates in this process; a merge asks nothing else of workers. */
  #evaluator(spec: JobSpec): Pick<Workers, "evaluate"> {
    const { dataset } = this.#parts;
    const evaluate: Workers["evaluate"] = async ({ parameters, chunks = [] }) => {
      const trainer = await this.#open(spec);
      trainer.load(floatsOfBytes(await wholeOf(parameters)));
      const evaluation = await evaluateShard(trainer, shardOf(dataset, "test", chunks));
      trainer.dispose();
      return evaluation;
    };
    return { evaluate };
  }
}

function shardOf({ manifest, chunks }: Dataset, split: Split, indexes: readonly number[]): Shard {
  const parts = indexes.map((index) => {
    const chunk = manifest[split][index];
    if (chunk === undefined) throw new RangeError(`no ${split} chunk ${index}`);
    return decodeChunk(manifest, chunk, chunks.get(chunk.file) ?? new Uint8Array());
  });
  return shardOfChunks(manifest, parts);
}

/** Of a node without peers. */
export function fetcherOf(blobs: BlobStore): BlobFetcher {
  return new BlobFetcher({ blobs, peers: NOBODY });
}

const QUIET: NodeLog = { ...SILENT, child: () => QUIET };
/** A node without peers. */
const NOBODY: BlobFetcherModules["peers"] = {
  connected: () => [],
  request: async () => undefined,
};
