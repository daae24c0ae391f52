/** The common part of jobs and records of all kinds of work, in the contract's form. */
import { answerOf, stageOf } from "../../../../chain/audit/tick.ts";
import { formatAddress } from "../../../../chain/crypto/address.ts";
import { toHex } from "../../../../chain/crypto/hash.ts";
import { charged } from "../../../../chain/job/ending-price.ts";
import { end, hasCommitted, phaseOf } from "../../../../chain/job/phase.ts";
import { divideEscrow } from "../../../../chain/job/settlement.ts";
import type { State } from "../../../../chain/state/state.ts";
import { ALL_SEGMENTS, type Audit } from "../../../../chain/types/audit.ts";
import {
  AUDIT_FAULTS,
  type Contribution,
  type Job,
  type JobRecord,
  type JobSpec,
  OBJECTIONS,
  type Participant,
} from "../../../../chain/types/job.ts";
import { workloadOf } from "../../../../chain/workload/workloads.ts";
import { describeOutcome, hasModel, recordedRounds } from "../../../jobs/job-outcome.ts";
import type { OutcomeJson } from "../../contract/jobs/frame.ts";
import type { JobDetail } from "../../contract/jobs/job.ts";
import { nameOf, textOf } from "../plain.ts";

export function encodeTerms({ name, participants, quorum, teamSize, phaseBlocks }: JobSpec) {
  return { name: textOf(name), participants, quorum, teamSize, phaseBlocks };
}

function encodeOutcome(job: Job): OutcomeJson {
  const { state, reason, remedy } = describeOutcome(job);
  return { state, reason, ...named("remedy", remedy) };
}

/** @param progress 0 to 1 */
function encodeBrief(job: Job, progress: number) {
  return {
    id: toHex(job.id),
    name: textOf(job.spec.name),
    client: formatAddress(job.client),
    phase: phaseOf(job),
    outcome: encodeOutcome(job),
    round: job.round,
    recordedRounds: recordedRounds(job),
    progress,
    hasModel: hasModel(job),
    openedAt: job.openedAt,
    escrow: job.escrow.toString(),
    audited: workloadOf(job.spec).isAuditable(job.spec),
    ...(job.closedAt === 0 ? {} : { closedAt: job.closedAt }),
  };
}

/** @param progress 0 to 1 */
export function encodeSummary(job: Job, progress: number) {
  return { ...encodeBrief(job, progress), participants: job.participants.length };
}

/** The frame of a complete job, and what each of its participants has earned so far, in their order. */
export function encodeDetail(state: State, job: Job, progress: number) {
  const division = divideEscrow(job, state.parameters);
  const earned = (payouts: readonly { amount: bigint }[], index: number): string =>
    (payouts[index]?.amount ?? 0n).toString();
  const frame = {
    ...encodeBrief(job, progress),
    phaseSince: job.phaseSince,
    extensions: job.extensions,
    team: job.team.map((node, member) => ({
      node,
      name: nodeName(state, node) ?? "",
      active: member === 0,
      credits: job.credits[member] ?? 0,
      earned: earned(division.managers, member),
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
            bonus: job.settlement.bonus.toString(),
          },
        }
      : {}),
  };
  return { frame, earned: job.participants.map((_, at) => earned(division.participants, at)) };
}

export function encodeParticipant(state: State, participant: Participant) {
  const { node, updateBytes, paidRounds, verifiedRounds, faultRound, fault, missed } = participant;
  return {
    node,
    name: nodeName(state, node) ?? "",
    committed: hasCommitted(participant),
    updateBytes,
    paidRounds,
    verifiedRounds,
    ...(faultRound === 0 ? {} : { faultRound, fault: nameOf(AUDIT_FAULTS, fault) }),
    missed,
  };
}

export function encodeRecordFrame(state: State, { job, round, manager, durationMs }: JobRecord) {
  return {
    job: toHex(job),
    round,
    manager,
    ...named("managerName", nodeName(state, manager)),
    durationMs,
  };
}

export function encodeContribution(state: State, { node, updateHash, updateBytes }: Contribution) {
  return {
    node,
    ...named("name", nodeName(state, node)),
    updateHash: toHex(updateHash),
    updateBytes,
  };
}

/** Undefined where the chain does not accept a job-cancel. */
function cancelBurns({ height, parameters }: State, job: Job): bigint | undefined {
  const phase = phaseOf(job);
  if (phase !== "drawing" && phase !== "training") return undefined;
  const cancelled = end(charged(job, parameters), "cancelled", height + 1);
  return divideEscrow(cancelled, parameters).settlement.burned - job.opening;
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

/** The node's name on the chain; undefined for an index that the state does not have. */
export function nodeName(state: State, index: number): string | undefined {
  const node = state.nodes.get(index);
  return node === undefined ? undefined : textOf(node.name);
}

/** A member that is left out if it has no value. */
export function named<K extends string>(
  key: K,
  value: string | undefined,
): { readonly [_ in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [_ in K]: string });
}
