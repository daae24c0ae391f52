/** What the chain refuses in an order to train. */
import { WHOLE } from "../../millionths.ts";
import { checkIndex, checkRange, refuseField } from "../../transaction-error.ts";
import type { Parameters } from "../../types/genesis.ts";
import type { JobSpec } from "../../types/job.ts";
import { JOB_LOSSES } from "../../types/optimizer.ts";
import { ZERO_HASH } from "../../types/primitive.ts";
import { JOB_ENGINES, JOB_PARTITIONS, type TrainSpec } from "../../types/train.ts";
import { checkAggregation } from "./check-aggregation.ts";
import { checkOptimizer } from "./check-optimizer.ts";
import { lowestPrice, shardLimit } from "./price.ts";
import { trainSpec } from "./train-of.ts";

export const MAX_ROUNDS = 10_000;
/** The most operations that one sample step may cost. */
const MAX_OPERATIONS = 1_000_000_000_000_000n;

/** @throws TransactionError BAD_FIELD */
export function checkTrainSpec(spec: JobSpec, parameters: Parameters): void {
  const train = trainSpec(spec);
  const between = (field: keyof TrainSpec & string, low: number, high: number): void =>
    checkRange(`spec.${field}`, Number(train[field]), low, high);
  checkIndex("spec.engine", train.engine, JOB_ENGINES);
  checkIndex("spec.partition", train.partition, JOB_PARTITIONS);
  between("parameterCount", 1, 100 * WHOLE);
  if (train.operations < 1n || train.operations > MAX_OPERATIONS) {
    const reason = `must be 1 to ${MAX_OPERATIONS}, got ${train.operations}`;
    refuseField("spec.operations", reason, "give the operations of the model by the cost model");
  }
  between("trainRows", 1, 100 * WHOLE);
  between("trainChunks", 1, Math.min(train.trainRows, 65_535));
  between("testRows", 1, 100 * WHOLE);
  between("rounds", 1, MAX_ROUNDS);
  between("localEpochs", 1, 100);
  between("batchSize", 1, 4096);
  checkOptimizer(train.optimizer);
  checkAggregation(spec);
  checkIndex("spec.loss", train.loss, JOB_LOSSES);
  between("targetAccuracy", 0, WHOLE);
  const lowest = lowestPrice(spec, parameters);
  if (spec.pricePerUnit < lowest) {
    refuseField(
      "spec.pricePerSample",
      `at least ${lowest} for ${train.operations} operations a sample step, got ${spec.pricePerUnit}`,
      `give at least ${lowest}`,
    );
  }
  for (const field of ["model", "initialParameters", "dataset", "torrent"] as const) {
    if (train[field].every((byte, i) => byte === ZERO_HASH[i])) {
      refuseField(`spec.${field}`, "must be the hash of a blob");
    }
  }
}

/** @throws TransactionError BAD_FIELD when one of so many participants cannot have done so many sample steps */
export function checkSamples(train: TrainSpec, samples: number, participants: number): void {
  const limit = shardLimit(train, participants);
  if (samples === 0 || samples > limit) {
    refuseField("units", `1 to ${limit} sample steps for this shard, got ${samples}`);
  }
  if (samples % train.localEpochs !== 0) {
    refuseField("units", `must be whole epochs of ${train.localEpochs}`);
  }
}
