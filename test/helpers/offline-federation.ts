/**
 * A job's rounds in one process, without chain or network: the same dataset order, shards, seeds,
 * training, checks and merging as a job's participants and team use.
 */

import { bucketSeed, trainingSeed } from "../../chain/workload/train/seed.ts";
import {
  buildDataset,
  type DatasetSource,
  reorderDataset,
  shardOfChunks,
} from "../../ml/dataset/build.ts";
import { decodeChunk } from "../../ml/dataset/chunk.ts";
import { assignChunks, type Partition } from "../../ml/dataset/partition.ts";
import type { Engine } from "../../ml/engine.ts";
import { deltaOf } from "../../ml/federation/update-codec.ts";
import type { Optimizer } from "../../ml/hyperparameters.ts";
import type { AggregationSettings, ServerSettings } from "../../ml/job-aggregation.ts";
import { defaultLoss } from "../../ml/loss-fit.ts";
import { type MetricRatios, metricsOf, ratiosOf } from "../../ml/metrics.ts";
import { initialParameters } from "../../ml/model/initial-parameters.ts";
import type { LayersModel } from "../../ml/model/layers-model.ts";
import { evaluateShard } from "../../ml/training/evaluate.ts";
import { trainShard } from "../../ml/training/train-shard.ts";
import { aggregationOf } from "./aggregation.ts";
import { checkUpdates, type Merged, merge, normOf, parametersHash } from "./merge-in-memory.ts";
import { shardOfSplit } from "./shard-of-split.ts";

export interface OfflineJob {
  readonly model: LayersModel;
  readonly participants: number;
  readonly rounds: number;
  readonly localEpochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly partition?: Partition;
  /** Default fedavg. */
  readonly aggregation?: AggregationSettings;
  /** Default: takes the combined update as it is. */
  readonly server?: ServerSettings;
  /** 32 bytes. */
  readonly seed: Uint8Array;
}

/** Of every round, on the test rows. */
export interface OfflineRound extends MetricRatios {
  readonly refused: number;
}

/** As `node/jobs/train/round-result.ts` has it. */
const MAX_STEP = 20;

/** @throws Error when all updates of a round are refused; TrainingError DIVERGED */
export async function trainOffline(
  engine: Engine,
  source: DatasetSource,
  job: OfflineJob,
): Promise<OfflineRound[]> {
  const { model, seed, partition = "iid", aggregation, server } = job;
  const built = buildDataset(source);
  const dataset = partition === "iid" ? built : reorderDataset(built, "by-label", seed);
  const { manifest, chunks } = dataset;
  const parts = manifest.train.map((chunk) =>
    decodeChunk(manifest, chunk, chunks.get(chunk.file) ?? new Uint8Array()),
  );
  const test = shardOfSplit(dataset, "test");
  const shards = assignChunks(parts.length, job.participants, seed, partition).map((indexes) =>
    shardOfChunks(
      manifest,
      indexes.flatMap((index) => parts.slice(index, index + 1)),
    ),
  );
  const trainer = await engine.open(model, {
    optimizer: job.optimizer,
    batchSize: job.batchSize,
    loss: defaultLoss(model),
  });
  const { rule = "fedavg", ...settings } = aggregation ?? {};
  const merging = aggregationOf(rule, settings, server);
  const rounds: OfflineRound[] = [];
  try {
    let parameters = initialParameters(model, seed);
    let before: Merged | undefined;
    for (let round = 1; round <= job.rounds; round++) {
      const updates = [];
      for (const [position, shard] of shards.entries()) {
        const run = trainShard(
          {
            parameters,
            epochs: job.localEpochs,
            batchSize: job.batchSize,
            seed: trainingSeed({ seed }, round, position),
          },
          { trainer, shard, clock: { now: () => 0 } },
        );
        let step = await run.next();
        while (step.done !== true) step = await run.next();
        const { samples, parameters: trained } = step.value;
        updates.push({ participant: position, samples, delta: deltaOf(parameters, trained) });
      }
      const verdicts = checkUpdates(updates, {
        maxNorm: MAX_STEP * (1 + normOf(parameters)),
      });
      const kept = updates.filter((_, i) => verdicts[i]?.refusal === undefined);
      if (kept.length === 0) throw new Error(`round ${round}: every update was refused`);
      const bucketsOf = bucketSeed({ seed }, round, parametersHash(parameters));
      before = await merge(merging, parameters, kept, { before, seed: bucketsOf });
      ({ parameters } = before);
      trainer.load(parameters);
      const metrics = ratiosOf(metricsOf(await evaluateShard(trainer, test)));
      rounds.push({ ...metrics, refused: updates.length - kept.length });
    }
  } finally {
    trainer.dispose();
  }
  return rounds;
}
