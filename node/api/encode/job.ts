/** Jobs, their orders and their recorded rounds in the contract's form. */
import { answerOf, stageOf } from "../../../chain/audit/tick.ts";
import { formatAddress } from "../../../chain/crypto/address.ts";
import { equalBytes, toHex } from "../../../chain/crypto/hash.ts";
import { charged } from "../../../chain/job/charge.ts";
import { end, hasCommitted, phaseOf } from "../../../chain/job/phase.ts";
import { divideEscrow } from "../../../chain/job/settlement.ts";
import type { State } from "../../../chain/state/state.ts";
import { ALL_SEGMENTS, type Audit } from "../../../chain/types/audit.ts";
import {
  AUDIT_FAULTS,
  type Job,
  type JobRecord,
  type JobSpec,
  JobSpec as JobSpecType,
  OBJECTIONS,
} from "../../../chain/types/job.ts";
import { JOB_LOSSES } from "../../../chain/types/optimizer.ts";
import {
  JOB_AGGREGATIONS,
  JOB_ENGINES,
  JOB_PARTITIONS,
  type Metrics,
} from "../../../chain/types/train.ts";
import { isAuditable } from "../../../chain/workload/train/segments.ts";
import { trainProgress, trainResult, trainSpec } from "../../../chain/workload/train/train-of.ts";
import { jobKindOf } from "../../../chain/workload/workloads.ts";
import { optimizerOf } from "../../../ml/job-hyperparameters.ts";
import { describeOutcome, hasModel, recordedRounds } from "../../jobs/job-outcome.ts";
import type { RecordedRound } from "../../jobs/job-records.ts";
import type { OrderedJob, PreparedJob } from "../../jobs/prepared-job.ts";
import type {
  JobDetail,
  JobSummary,
  MetricsJson,
  OutcomeJson,
  PreparedJson,
  RecordJson,
  RoundJson,
  SpecJson,
  SubmittedJob,
} from "../contract/job.ts";
import { fraction, nameOf, textOf } from "./plain.ts";

export function encodeSpec(spec: JobSpec): SpecJson {
  const train = trainSpec(spec);
  return {
    kind: jobKindOf(spec),
    name: textOf(spec.name),
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
    aggregation: nameOf(JOB_AGGREGATIONS, train.aggregation),
    participants: spec.participants,
    quorum: spec.quorum,
    teamSize: spec.teamSize,
    phaseBlocks: spec.phaseBlocks,
    pricePerSample: spec.pricePerUnit.toString(),
    targetAccuracy: fraction(train.targetAccuracy),
  };
}

export function encodePrepared({ spec, price, escrow, notes }: PreparedJob): PreparedJson {
  return {
    spec: encodeSpec(spec),
    specBytes: toHex(JobSpecType.serialize(spec)),
    price: price.toString(),
    escrow: escrow.toString(),
    notes: [...notes],
  };
}

const OPENED_BEFORE = "an earlier request with this Idempotency-Key opened the job";

export function encodeOrdered({ id, prepared }: OrderedJob): SubmittedJob {
  if (prepared === undefined) return { id: toHex(id), notes: [OPENED_BEFORE] };
  const { price, escrow, notes } = encodePrepared(prepared);
  return { id: toHex(id), price, escrow, notes };
}

export function encodeMetrics(metrics: Metrics): MetricsJson {
  return {
    loss: fraction(metrics.loss),
    accuracy: fraction(metrics.accuracy),
    precision: fraction(metrics.precision),
    recall: fraction(metrics.recall),
    f1: fraction(metrics.f1),
  };
}

export function encodeJobSummary(job: Job): JobSummary {
  return {
    id: toHex(job.id),
    name: textOf(job.spec.name),
    client: formatAddress(job.client),
    phase: phaseOf(job),
    outcome: encodeOutcome(job),
    round: job.round,
    recordedRounds: recordedRounds(job),
    hasModel: hasModel(job),
    rounds: trainSpec(job.spec).rounds,
    participants: job.participants.length,
    openedAt: job.openedAt,
    escrow: job.escrow.toString(),
    audited: isAuditable(trainSpec(job.spec)),
    ...(job.closedAt === 0 ? {} : { closedAt: job.closedAt }),
    ...(hasRecord(job) ? { metrics: encodeMetrics(trainProgress(job).metrics) } : {}),
  };
}

/** Undefined where the chain takes no job-cancel. */
function cancelBurns({ height, parameters }: State, job: Job): bigint | undefined {
  const phase = phaseOf(job);
  if (phase !== "drawing" && phase !== "training") return undefined;
  const cancelled = end(charged(job, parameters), "cancelled", height + 1);
  return divideEscrow(cancelled, parameters).settlement.burned - job.opening;
}

export function encodeOutcome(job: Job): OutcomeJson {
  const { state, reason, remedy } = describeOutcome(job);
  return { state, reason, ...named("remedy", remedy) };
}

export function encodeJobDetail(state: State, job: Job): JobDetail {
  const division = divideEscrow(job, state.parameters);
  const earned = (payouts: readonly { amount: bigint }[], index: number): string =>
    (payouts[index]?.amount ?? 0n).toString();
  return {
    ...encodeJobSummary(job),
    spec: encodeSpec(job.spec),
    phaseSince: job.phaseSince,
    extensions: job.extensions,
    parameters: toHex(trainProgress(job).parameters),
    team: job.team.map((node, member) => ({
      node,
      name: nodeName(state, node) ?? "",
      active: member === 0,
      credits: job.credits[member] ?? 0,
      earned: earned(division.managers, member),
    })),
    participants: job.participants.map((participant, shard) => ({
      node: participant.node,
      name: nodeName(state, participant.node) ?? "",
      shard,
      committed: hasCommitted(participant),
      samples: participant.units,
      trainMs: participant.workMs,
      updateBytes: participant.updateBytes,
      paidSamples: participant.paidUnits.toString(),
      paidRounds: participant.paidRounds,
      verifiedRounds: participant.verifiedRounds,
      ...(participant.faultRound !== 0
        ? {
            faultRound: participant.faultRound,
            fault: nameOf(AUDIT_FAULTS, participant.fault),
          }
        : {}),
      missed: participant.missed,
      earned: earned(division.participants, shard),
    })),
    audits: job.audits.map((audit) => encodeAudit(state, audit)),
    auditors: job.auditors.map(({ node, segments }, at) => ({
      node,
      name: nodeName(state, node) ?? "",
      segments,
      earned: earned(division.auditors, at),
    })),
    objections: job.objections.map(({ node, reason }) => ({
      node,
      name: nodeName(state, node) ?? "",
      reason: nameOf(OBJECTIONS, reason),
    })),
    ...named("cancelBurns", cancelBurns(state, job)?.toString()),
    ...(phaseOf(job) === "settled"
      ? {
          settlement: {
            participants: job.settlement.participants.toString(),
            managers: job.settlement.managers.toString(),
            auditors: job.settlement.auditors.toString(),
            fee: job.settlement.fee.toString(),
            refund: job.settlement.refund.toString(),
            burned: job.settlement.burned.toString(),
          },
        }
      : {}),
  };
}

function encodeAudit(state: State, audit: Audit): JobDetail["audits"][number] {
  const { round, node, look, segment, since, seats, auditors } = audit;
  const isOne = seats.length > 0 && segment !== ALL_SEGMENTS;
  return {
    round,
    node,
    look,
    ...(isOne ? { segment } : {}),
    stage: stageOf(audit),
    since,
    seats: seats.map((seat, at) => ({
      node: seat.node,
      name: nodeName(state, seat.node) ?? "",
      committee: at >= auditors,
      answer: answerOf(seat),
    })),
  };
}

export function encodeRecord(state: State, record: JobRecord): RecordJson {
  const { modelBefore, modelAfter, metrics } = trainResult(record);
  return {
    job: toHex(record.job),
    round: record.round,
    manager: record.manager,
    ...named("managerName", nodeName(state, record.manager)),
    modelBefore: toHex(modelBefore),
    modelAfter: toHex(modelAfter),
    metrics: encodeMetrics(metrics),
    durationMs: record.durationMs,
    contributions: record.contributions.map((contribution) => ({
      node: contribution.node,
      ...named("name", nodeName(state, contribution.node)),
      updateHash: toHex(contribution.updateHash),
      samples: contribution.units,
      trainMs: contribution.workMs,
      updateBytes: contribution.updateBytes,
    })),
  };
}

export function encodeRound(state: State, { height, blockHash, record }: RecordedRound): RoundJson {
  return { ...encodeRecord(state, record), height, blockHash: toHex(blockHash) };
}

/** The node's name on the chain; undefined for an index the state does not have. */
export function nodeName(state: State, index: number): string | undefined {
  const node = state.nodes.get(index);
  return node === undefined ? undefined : textOf(node.name);
}

/** A member that is left out where there is no value. */
export function named<K extends string>(
  key: K,
  value: string | undefined,
): { readonly [_ in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [_ in K]: string });
}

function hasRecord(job: Job): boolean {
  return !equalBytes(trainProgress(job).parameters, trainSpec(job.spec).initialParameters);
}
