/** What a job costs: known before it starts, since the work is known before it starts. */
import { MILLION } from "../millionths.ts";
import { rateFee } from "../rate-fee.ts";
import type { Parameters } from "../types/genesis.ts";
import type { JobSpec } from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";

/** What participants earn when every unit of work is delivered. */
export function fullPay(spec: JobSpec): bigint {
  return workloadOf(spec).units(spec) * spec.pricePerUnit;
}

export function managerPay(participantPay: bigint, parameters: Parameters): bigint {
  return (participantPay * BigInt(parameters.managerShare)) / MILLION;
}

/** Nobody can audit what does not give equal bits on every machine. */
export function auditorPay(spec: JobSpec, participantPay: bigint, parameters: Parameters): bigint {
  if (!workloadOf(spec).isAuditable(spec)) return 0n;
  return (participantPay * BigInt(parameters.auditShare)) / MILLION;
}

/** Escrow a job needs: participants, managers, auditors, the bonus and the fee when every unit of work is delivered. */
export function jobPrice(spec: JobSpec, parameters: Parameters): bigint {
  const participants = fullPay(spec);
  const work =
    participants +
    managerPay(participants, parameters) +
    auditorPay(spec, participants, parameters) +
    workloadOf(spec).bonus(spec);
  return work + rateFee(work, parameters);
}
