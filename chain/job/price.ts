/** What a job costs: known before it starts, since the work is known before it starts. */
import { rateFee } from "../rate-fee.ts";
import type { Parameters } from "../types/genesis.ts";
import type { JobSpec } from "../types/job.ts";
import { isAuditable } from "./segments.ts";

const MILLION = 1_000_000n;

/** Sample steps of the whole job. */
export function jobSamples(spec: JobSpec): bigint {
  return BigInt(spec.rounds) * BigInt(spec.localEpochs) * BigInt(spec.trainRows);
}

export function managerPay(participantPay: bigint, parameters: Parameters): bigint {
  return (participantPay * BigInt(parameters.managerShare)) / MILLION;
}

/** Nobody can audit what does not give equal bits on every machine. */
export function auditorPay(spec: JobSpec, participantPay: bigint, parameters: Parameters): bigint {
  if (!isAuditable(spec)) return 0n;
  return (participantPay * BigInt(parameters.auditShare)) / MILLION;
}

/** Escrow a job needs: participants, managers, auditors and the fee when every sample step is delivered. */
export function jobPrice(spec: JobSpec, parameters: Parameters): bigint {
  const participants = jobSamples(spec) * spec.pricePerSample;
  const work =
    participants +
    managerPay(participants, parameters) +
    auditorPay(spec, participants, parameters);
  return work + rateFee(work, parameters);
}

/** About how many operations the optimizer spends on each parameter in each step. */
const UPDATE_OPERATIONS = 10n;
/** A sample step has three passes of about equal cost; a test needs the first only. */
const PASSES = 3n;
const TERA = 1_000_000_000_000n;

/** Operations of one run: so many sample steps in so many optimizer steps. */
export function runOperations(
  { operations, parameterCount }: Pick<JobSpec, "operations" | "parameterCount">,
  samples: bigint,
  steps: bigint,
): bigint {
  return samples * operations + steps * BigInt(parameterCount) * UPDATE_OPERATIONS;
}

/** Operations of a whole order: of all participants, and of the team that tests every round. */
export function orderOperations(spec: JobSpec): bigint {
  const { rounds, localEpochs, trainRows, batchSize, participants, testRows, teamSize } = spec;
  const batches = BigInt(Math.ceil(trainRows / batchSize) + participants);
  const steps = BigInt(rounds) * BigInt(localEpochs) * batches;
  const tested = BigInt(rounds) * BigInt(testRows) * BigInt(teamSize);
  return runOperations(spec, jobSamples(spec), steps) + (tested * spec.operations) / PASSES;
}

/** The least that a sample step of this order may earn: a dear model is not to be had at the price of a cheap one. */
export function lowestPrice(
  spec: JobSpec,
  { minPricePerSample, minPricePerTeraflop }: Parameters,
): bigint {
  const unit = TERA * jobSamples(spec);
  const byWork = (orderOperations(spec) * minPricePerTeraflop + unit - 1n) / unit;
  return byWork > minPricePerSample ? byWork : minPricePerSample;
}

/** Sample steps one participant may report per round, from the chunk layout alone. */
export function shardLimit(spec: JobSpec, participants: number): number {
  const rowsPerChunk = Math.ceil(spec.trainRows / spec.trainChunks);
  return spec.localEpochs * rowsPerChunk * Math.ceil(spec.trainChunks / participants);
}
