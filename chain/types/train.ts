/** Training as a kind of work: the order, the progress of a job, and what a round gives. */
import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { AggregationSpec } from "./aggregation.ts";
import { OptimizerSpec } from "./optimizer.ts";
import { Hash, Uint8, Uint16, Uint32, Uint64 } from "./primitive.ts";

/** Wire values; append only. */
export const JOB_ENGINES = ["exact", "tfjs"] as const;
export const JOB_PARTITIONS = ["iid", "by-label"] as const;

/** What a training job trains, with which data, and how. */
export const TrainSpec = new ContainerType(
  {
    /** Index into JOB_ENGINES. */
    engine: Uint8,
    /** SHA-256 of the LayersModel JSON bytes. */
    model: Hash,
    /** SHA-256 of the initial parameters, float32 little-endian. */
    initialParameters: Hash,
    parameterCount: Uint32,
    /** The cost of a sample step: operations of the model forward and backward, by the cost model of training.md. */
    operations: Uint64,
    /** SHA-256 of the dataset manifest bytes. */
    dataset: Hash,
    /** SHA-256 of the dataset's torrent file. */
    torrent: Hash,
    trainRows: Uint32,
    trainChunks: Uint16,
    testRows: Uint32,
    /** Seeds sample order and dropout. */
    seed: Hash,
    rounds: Uint16,
    localEpochs: Uint8,
    batchSize: Uint16,
    optimizer: OptimizerSpec,
    /** Index into JOB_LOSSES. */
    loss: Uint8,
    /** Index into JOB_PARTITIONS. */
    partition: Uint8,
    aggregation: AggregationSpec,
    /** Stop early at this test accuracy, millionths; 0 = never. */
    targetAccuracy: Uint32,
  },
  { typeName: "TrainSpec", jsonCase: "eth2" },
);
export type TrainSpec = ValueOf<typeof TrainSpec>;

/** Test metrics in millionths; computed from integer confusion counts. */
export const Metrics = new ContainerType(
  { loss: Uint64, accuracy: Uint32, precision: Uint32, recall: Uint32, f1: Uint32 },
  { typeName: "Metrics", jsonCase: "eth2" },
);
export type Metrics = ValueOf<typeof Metrics>;

export const TrainProgress = new ContainerType(
  {
    /** SHA-256 of the global parameters from which the current round starts. */
    parameters: Hash,
    /** SHA-256 of what the aggregation keeps from round to round; zeros where it keeps nothing, and in the first round. */
    serverState: Hash,
    metrics: Metrics,
  },
  { typeName: "TrainProgress", jsonCase: "eth2" },
);
export type TrainProgress = ValueOf<typeof TrainProgress>;

/** The result of merging the updates of a round. */
export const TrainResult = new ContainerType(
  {
    modelBefore: Hash,
    modelAfter: Hash,
    /** What the aggregation keeps for the next round; zeros where it keeps nothing. */
    serverState: Hash,
    metrics: Metrics,
  },
  { typeName: "TrainResult", jsonCase: "eth2" },
);
export type TrainResult = ValueOf<typeof TrainResult>;
