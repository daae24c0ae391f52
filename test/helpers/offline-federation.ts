/**
 * A job's rounds in one process, without chain or network: the same dataset order, shards, seeds,
 * training, checks and merging as a job's participants and team use.
 */

import { JOB_AGGREGATIONS } from "../../chain/types/train.ts";
import { trainingSeed } from "../../chain/workload/train/seed.ts";
import {
  buildDataset,
  type DatasetSource,
  reorderDataset,
  shardOfChunks,
} from "../../ml/dataset/build.ts";
import { decodeChunk } from "../../ml/dataset/chunk.ts";
import { assignChunks, type Partition } from "../../ml/dataset/partition.ts";
import type { Engine } from "../../ml/engine.ts";
import type { AggregationName } from "../../ml/federation/aggregate.ts";
import { deltaOf } from "../../ml/federation/update-codec.ts";
import type { Optimizer } from "../../ml/hyperparameters.ts";
import { defaultLoss } from "../../ml/loss-fit.ts";
import { type MetricRatios, metricsOf, ratiosOf } from "../../ml/metrics.ts";
import { initialParameters } from "../../ml/model/initial-parameters.ts";
import type { LayersModel } from "../../ml/model/layers-model.ts";
import { evaluateShard } from "../../ml/training/evaluate.ts";
import { trainShard } from "../../ml/training/train-shard.ts";
import { aggregate, checkUpdates, normOf } from "./merge-in-memory.ts";
import { shardOfSplit } from "./shard-of-split.ts";

export interface OfflineJob {
  readonly model: LayersModel;
  readonly participants: number;
  readonly rounds: number;
  readonly localEpochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly partition?: Partition;
  readonly aggregation?: AggregationName;
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
  const { model, seed, partition = "iid", aggregation = JOB_AGGREGATIONS[0] } = job;
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
  const rounds: OfflineRound[] = [];
  try {
    let parameters = initialParameters(model, seed);
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
      parameters = aggregate(aggregation, parameters, kept);
      trainer.load(parameters);
      const metrics = ratiosOf(metricsOf(await evaluateShard(trainer, test)));
      rounds.push({ ...metrics, refused: updates.length - kept.length });
    }
  } finally {
    trainer.dispose();
  }
  return rounds;
}
