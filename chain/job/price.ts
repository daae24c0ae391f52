/** The price of a job. It is known before the job starts, because the amount of work is. */
import { MILLION } from "../millionths.ts";
import { rateFee } from "../rate-fee.ts";
import type { Parameters } from "../types/genesis.ts";
import type { JobSpec } from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";

/** What participants earn if every unit of work is delivered. */
export function fullPay(spec: JobSpec): bigint {
  return workloadOf(spec).units(spec) * spec.pricePerUnit;
}

export function managerPay(participantPay: bigint, parameters: Parameters): bigint {
  return (participantPay * BigInt(parameters.managerShare)) / MILLION;
}

/** Zero where results differ between machines, because these cannot be audited. */
export function auditorPay(spec: JobSpec, participantPay: bigint, parameters: Parameters): bigint {
  if (!workloadOf(spec).isAuditable(spec)) return 0n;
  return (participantPay * BigInt(parameters.auditShare)) / MILLION;
}

/**
 * The escrow that a job needs: participants, managers, auditors, the bonus and the fee if every unit of work is
 * delivered.
 */
export function jobPrice(spec: JobSpec, parameters: Parameters): bigint {
  const participants = fullPay(spec);
  const work =
    participants +
    managerPay(participants, parameters) +
    auditorPay(spec, participants, parameters) +
    workloadOf(spec).bonus(spec);
  return work + rateFee(work, parameters);
}
