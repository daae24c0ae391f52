/** The cost of training, by the cost model of training.md, and the lowest price of a sample step. */
import type { Parameters } from "../../types/genesis.ts";
import type { JobSpec } from "../../types/job.ts";
import type { TrainSpec } from "../../types/train.ts";
import { trainSpec } from "./train-of.ts";

/** Sample steps (rows x epochs) of so many rounds: the units of a training job. */
export function sampleSteps(
  { localEpochs, trainRows }: Pick<TrainSpec, "localEpochs" | "trainRows">,
  rounds: number,
): bigint {
  return BigInt(rounds) * BigInt(localEpochs) * BigInt(trainRows);
}

/** About how many operations the optimizer spends on each parameter in each step. */
const UPDATE_OPERATIONS = 10n;
/** A sample step has three passes of about equal cost; a test needs only the first. */
const PASSES = 3n;
const TERA = 1_000_000_000_000n;
/** Global parameters, a state with up to two optimizer values for each of them, and the update, as binary32. */
const BYTES_PER_PARAMETER = 20n;

/** Operations of one run, for these numbers of sample steps and optimizer steps. */
export function runOperations(
  { operations, parameterCount }: Pick<TrainSpec, "operations" | "parameterCount">,
  samples: bigint,
  steps: bigint,
): bigint {
  return samples * operations + steps * BigInt(parameterCount) * UPDATE_OPERATIONS;
}

/** Optimizer steps of one participant that did so many sample steps in a round. */
export function runSteps(
  { localEpochs, batchSize }: Pick<TrainSpec, "localEpochs" | "batchSize">,
  samples: number,
): number {
  const rows = Math.floor(samples / localEpochs);
  return localEpochs * Math.ceil(rows / batchSize);
}

export function replayBytes({ parameterCount }: Pick<TrainSpec, "parameterCount">): bigint {
  return BYTES_PER_PARAMETER * BigInt(parameterCount);
}

/** Operations of a whole order: those of all participants, and those of the team that tests every round. */
export function orderOperations(spec: JobSpec): bigint {
  const train = trainSpec(spec);
  const { rounds, localEpochs, trainRows, batchSize, testRows } = train;
  const batches = BigInt(Math.ceil(trainRows / batchSize) + spec.participants);
  const steps = BigInt(rounds) * BigInt(localEpochs) * batches;
  const tested = BigInt(rounds) * BigInt(testRows) * BigInt(spec.teamSize);
  const trained = runOperations(train, sampleSteps(train, rounds), steps);
  return trained + (tested * train.operations) / PASSES;
}

/** The lowest price of a sample step of this order: an expensive model must not cost as little as a cheap one. */
export function lowestPrice(
  spec: JobSpec,
  { minPricePerSample, minPricePerTeraflop }: Parameters,
): bigint {
  const train = trainSpec(spec);
  const unit = TERA * sampleSteps(train, train.rounds);
  const byWork = (orderOperations(spec) * minPricePerTeraflop + unit - 1n) / unit;
  return byWork > minPricePerSample ? byWork : minPricePerSample;
}

/** Sample steps that one of so many participants may report per round; it follows from the chunk layout alone. */
export function shardLimit(
  { localEpochs, trainRows, trainChunks }: TrainSpec,
  participants: number,
): number {
  const rowsPerChunk = Math.ceil(trainRows / trainChunks);
  return localEpochs * rowsPerChunk * Math.ceil(trainChunks / participants);
}
