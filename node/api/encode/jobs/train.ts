/** Jobs that train, in the contract's form. */
import { equalBytes, toHex } from "../../../../chain/crypto/hash.ts";
import type { State } from "../../../../chain/state/state.ts";
import type { Job, JobRecord, JobSpec } from "../../../../chain/types/job.ts";
import { JOB_LOSSES } from "../../../../chain/types/optimizer.ts";
import { JOB_ENGINES, JOB_PARTITIONS, type Metrics } from "../../../../chain/types/train.ts";
import {
  trainProgress,
  trainResult,
  trainSpec,
} from "../../../../chain/workload/train/train-of.ts";
import { aggregationOf, serverSettingsOf } from "../../../../ml/job-aggregation.ts";
import { optimizerOf } from "../../../../ml/job-hyperparameters.ts";
import { fractionOf } from "../../../../ml/millionths.ts";
import { recordedRounds } from "../../../jobs/job-outcome.ts";
import type {
  MetricsJson,
  TrainDetail,
  TrainRecord,
  TrainSpecJson,
  TrainSummary,
} from "../../contract/jobs/train.ts";
import { nameOf } from "../plain.ts";
import {
  encodeContribution,
  encodeDetail,
  encodeParticipant,
  encodeRecordFrame,
  encodeSummary,
  encodeTerms,
} from "./frame.ts";

export function encodeTrainSpec(spec: JobSpec): TrainSpecJson {
  const train = trainSpec(spec);
  return {
    kind: "train",
    ...encodeTerms(spec),
    engine: nameOf(JOB_ENGINES, train.engine),
    model: toHex(train.model),
    initialParameters: toHex(train.initialParameters),
    parameterCount: train.parameterCount,
    operations: train.operations.toString(),
    dataset: toHex(train.dataset),
    torrent: toHex(train.torrent),
    trainRows: train.trainRows,
    trainChunks: train.trainChunks,
    testRows: train.testRows,
    seed: toHex(train.seed),
    rounds: train.rounds,
    localEpochs: train.localEpochs,
    batchSize: train.batchSize,
    optimizer: optimizerOf(train.optimizer),
    loss: nameOf(JOB_LOSSES, train.loss),
    partition: nameOf(JOB_PARTITIONS, train.partition),
    aggregation: aggregationOf(train.aggregation),
    server: serverSettingsOf(train.aggregation),
    pricePerSample: spec.pricePerUnit.toString(),
    targetAccuracy: fractionOf(train.targetAccuracy),
  };
}

function encodeMetrics(metrics: Metrics): MetricsJson {
  return {
    loss: fractionOf(metrics.loss),
    accuracy: fractionOf(metrics.accuracy),
    precision: fractionOf(metrics.precision),
    recall: fractionOf(metrics.recall),
    f1: fractionOf(metrics.f1),
  };
}

export function encodeTrainSummary(job: Job): TrainSummary {
  return { kind: "train", ...encodeSummary(job, progressOf(job)), ...standOf(job) };
}

export function encodeTrainDetail(state: State, job: Job): TrainDetail {
  const { frame, earned } = encodeDetail(state, job, progressOf(job));
  return {
    kind: "train",
    ...frame,
    ...standOf(job),
    spec: encodeTrainSpec(job.spec),
    parameters: toHex(trainProgress(job).parameters),
    participants: job.participants.map((participant, shard) => ({
      ...encodeParticipant(state, participant),
      shard,
      samples: participant.units,
      trainMs: participant.workMs,
      paidSamples: participant.paidUnits.toString(),
      earned: earned[shard] ?? "0",
    })),
  };
}

export function encodeTrainRecord(state: State, record: JobRecord): TrainRecord {
  const { modelBefore, modelAfter, serverState, metrics } = trainResult(record);
  return {
    kind: "train",
    ...encodeRecordFrame(state, record),
    modelBefore: toHex(modelBefore),
    modelAfter: toHex(modelAfter),
    serverState: toHex(serverState),
    metrics: encodeMetrics(metrics),
    contributions: record.contributions.map((contribution) => ({
      ...encodeContribution(state, contribution),
      samples: contribution.units,
      trainMs: contribution.workMs,
    })),
  };
}

function standOf(job: Job): Pick<TrainSummary, "rounds" | "metrics"> {
  const { rounds, initialParameters } = trainSpec(job.spec);
  const { parameters, metrics } = trainProgress(job);
  const hasRecord = !equalBytes(parameters, initialParameters);
  return { rounds, ...(hasRecord ? { metrics: encodeMetrics(metrics) } : {}) };
}

function progressOf(job: Job): number {
  return recordedRounds(job) / trainSpec(job.spec).rounds;
}
