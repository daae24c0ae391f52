/** What a job costs: known before it starts, since the work is known before it starts. */
import { rateFee } from "../transactions/fee.ts";
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

/** Sample steps one participant may report per round, from the chunk layout alone. */
export function shardLimit(spec: JobSpec, participants: number): number {
  const rowsPerChunk = Math.ceil(spec.trainRows / spec.trainChunks);
  return spec.localEpochs * rowsPerChunk * Math.ceil(spec.trainChunks / participants);
}
