/**
 * A job of any kind: the order (`JobSpec`), one round of it as recorded in a block (`JobRecord`), and its present state
 * (`Job`). What differs between kinds of work is in the unions; chain/workload/ has the rules for it.
 */
import {
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type Type,
  type ValueOf,
} from "@chainsafe/ssz";
import { Audit, AuditCredit } from "./audit.ts";
import { kindUnion } from "./kind-union.ts";
import { MemoContainerType } from "./memo-container.ts";
import {
  Address,
  Hash,
  MAX_PARTICIPANTS,
  MAX_TEAM,
  ShortText,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
} from "./primitive.ts";
import { SearchProgress, SearchResult, SearchSpec } from "./search.ts";
import { TrainProgress, TrainResult, TrainSpec } from "./train.ts";

/** Wire values; append only. */
export const JOB_KINDS = ["train", "search"] as const;
export type JobKind = (typeof JOB_KINDS)[number];
/**
 * drawing: waits for the mix that draws team and participants. training: participants commit.
 * revealing: updates travel, the team posts the record. finished / failed / cancelled: waits for settle.
 */
export const JOB_PHASES = [
  "drawing",
  "training",
  "revealing",
  "finished",
  "failed",
  "cancelled",
  "settled",
] as const;
export type JobPhase = (typeof JOB_PHASES)[number];

/**
 * How a job ended. Wire values; append only. open: it has not. complete: all that was ordered is recorded. target: the
 * accuracy or the finds at which it should stop are reached. cancelled: by its client. undrawn: too few nodes could be
 * drawn. no-quorum: a round got too few updates, however often it was prolonged. no-record: no manager posted a record.
 * refused: so many updates of a round failed the team's checks that no quorum was left. diverged: training left the
 * finite numbers at so many participants that none was left. too-few-left: audits put out so many, or so many declined.
 * impossible: most of the drawn nodes found that nobody can carry the order out. stalled: rounds were recorded, and
 * nothing more was done in them.
 */
export const JOB_OUTCOMES = [
  "open",
  "complete",
  "target",
  "cancelled",
  "undrawn",
  "no-quorum",
  "no-record",
  "refused",
  "diverged",
  "too-few-left",
  "impossible",
  "stalled",
] as const;
export type JobOutcome = (typeof JOB_OUTCOMES)[number];

/**
 * Which check an update of a round failed. Wire values; append only. diverged: there is no update, because the
 * participant's training reached numbers that are not finite (by its own word). not-finite: its change is not finite.
 * norm: it is much longer than the model or than the other updates. no-change: it equals the model it started from.
 * format: it does not decode, or is not the one that was committed to. samples: it does not stand for the rows of its
 * shard. range: it claims units that were not leased to it, or that an earlier round recorded.
 */
export const UPDATE_CHECKS = [
  "diverged",
  "not-finite",
  "norm",
  "no-change",
  "format",
  "samples",
  "range",
] as const;
export type UpdateCheck = (typeof UPDATE_CHECKS)[number];

/**
 * Why a drawn node does not work on an order. Wire values; append only. declined: its owner does not want such work,
 * which says nothing about the order. Anybody with the files that the order names can check the other reasons. model:
 * the file is no model, or no engine may build it. data: the file is no manifest, or describes impossible chunks.
 * misfit: model, data and order do not fit together. weights: the file does not contain initial parameters. algorithm:
 * the file is no search algorithm, or a hash of it costs something other than the order states.
 */
export const OBJECTIONS = ["declined", "model", "data", "misfit", "weights", "algorithm"] as const;
export type ObjectionReason = (typeof OBJECTIONS)[number];

/** A list with one type for each kind. The selector of each union below is the position in JOB_KINDS. */
type OfEach<Names extends readonly string[]> = { readonly [Index in keyof Names]: Type<unknown> };

/** What is ordered, by kind of work. */
export const JobWork = kindUnion([TrainSpec, SearchSpec] satisfies OfEach<typeof JOB_KINDS>);
export type JobWork = ValueOf<typeof JobWork>;

/** The terms that every order has, and the work itself. */
export const JobSpec = new MemoContainerType(
  {
    name: ShortText,
    /** The wanted number of participants; fewer are drawn if fewer nodes qualify. */
    participants: Uint16,
    /** A round counts if it has at least so many updates. */
    quorum: Uint16,
    teamSize: Uint8,
    /** Blocks a phase may last before its `onMiss` rule fires. */
    phaseBlocks: Uint16,
    /** Micro-POML that a verified unit of work earns its participant; the kind of work defines the unit. */
    pricePerUnit: Uint64,
    work: JobWork,
  },
  { typeName: "JobSpec", jsonCase: "eth2" },
);
export type JobSpec = ValueOf<typeof JobSpec>;

/** How far the work is. */
export const JobProgress = kindUnion([TrainProgress, SearchProgress] satisfies OfEach<
  typeof JOB_KINDS
>);
export type JobProgress = ValueOf<typeof JobProgress>;

/** The result of a round. */
export const RoundGain = kindUnion([TrainResult, SearchResult] satisfies OfEach<typeof JOB_KINDS>);
export type RoundGain = ValueOf<typeof RoundGain>;

/** What one participant delivered in one round. */
export const Contribution = new ContainerType(
  {
    /** Node index. */
    node: Uint32,
    updateHash: Hash,
    /** Units of work. */
    units: Uint32,
    /** Self-reported. */
    workMs: Uint32,
    updateBytes: Uint32,
  },
  { typeName: "Contribution", jsonCase: "eth2" },
);
export type Contribution = ValueOf<typeof Contribution>;

/** One finished round of one job. */
export const JobRecord = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    /** Node index of the manager that merged the updates. */
    manager: Uint32,
    /** In node index order. */
    contributions: new ListCompositeType(Contribution, MAX_PARTICIPANTS),
    /** From the opening of the round to the record, as measured by the manager. */
    durationMs: Uint32,
    gain: RoundGain,
  },
  { typeName: "JobRecord", jsonCase: "eth2" },
);
export type JobRecord = ValueOf<typeof JobRecord>;

/** An update that could not be used, and the check that it failed. */
export const RefusedUpdate = new ContainerType(
  {
    /** Node index of the participant. */
    node: Uint32,
    /** As committed; zero where there is none. */
    updateHash: Hash,
    /** Index into UPDATE_CHECKS. */
    check: Uint8,
  },
  { typeName: "RefusedUpdate", jsonCase: "eth2" },
);
export type RefusedUpdate = ValueOf<typeof RefusedUpdate>;

/** The statement of a team about a round that cannot be recorded. */
export const RoundRefusal = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    /** Node index of the manager that posts it. */
    manager: Uint32,
    /** What the round started from. */
    base: Hash,
    /** In node index order. */
    refused: new ListCompositeType(RefusedUpdate, MAX_PARTICIPANTS),
  },
  { typeName: "RoundRefusal", jsonCase: "eth2" },
);
export type RoundRefusal = ValueOf<typeof RoundRefusal>;

/** Wire values; append only. mismatch: a segment gives other bits. not-served: its start state was withheld. */
export const AUDIT_FAULTS = ["none", "mismatch", "not-served"] as const;
export type AuditFault = (typeof AUDIT_FAULTS)[number];

export const Participant = new MemoContainerType(
  {
    node: Uint32,
    /** Update committed for the current round; zero = none yet. */
    updateHash: Hash,
    /** Merkle root of the checkpoints of the committed update. */
    checkpointRoot: Hash,
    /** Of the committed update. */
    units: Uint32,
    workMs: Uint32,
    updateBytes: Uint32,
    /** Units of updates whose audits are over; settlement pays for these. */
    paidUnits: Uint64,
    paidRounds: Uint16,
    /** The number of paid rounds of which others replayed a part and found every bit equal. */
    verifiedRounds: Uint16,
    /** Rounds in a row without a commit; from one on, rounds do not wait for this node. */
    missed: Uint16,
    /** Round whose update was proven false (the node then does no more work here) or was withheld; 0 = none. */
    faultRound: Uint16,
    /** Index into AUDIT_FAULTS. */
    fault: Uint8,
    /** The last round in which its training reached numbers that are not finite; 0 = none. */
    divergedRound: Uint16,
  },
  { typeName: "Participant", jsonCase: "eth2" },
);
export type Participant = ValueOf<typeof Participant>;

/** A drawn node that does not work on an order, and the reason. */
export const Objection = new ContainerType(
  {
    node: Uint32,
    /** Index into OBJECTIONS. */
    reason: Uint8,
  },
  { typeName: "Objection", jsonCase: "eth2" },
);
export type Objection = ValueOf<typeof Objection>;

/** How the escrow was divided; all zero until the job is settled. The seven parts add up to the escrow. */
export const Settlement = new ContainerType(
  {
    participants: Uint64,
    managers: Uint64,
    auditors: Uint64,
    fee: Uint64,
    refund: Uint64,
    /**
     * What the client pays for its place among the open jobs, for an early end, or for an impossible order; nobody
     * receives it.
     */
    burned: Uint64,
    /** For finds, if the kind of work has any. */
    bonus: Uint64,
  },
  { typeName: "Settlement", jsonCase: "eth2" },
);
export type Settlement = ValueOf<typeof Settlement>;

/** No round is revealed while so many audits are open. */
export const AUDIT_BACKLOG = 512;
/** These, the round that is revealed then, and the round in which the job ends; all of them may get a second look. */
export const MAX_AUDITS = 2 * (AUDIT_BACKLOG + 2 * MAX_PARTICIPANTS);
/** Nodes that can be drawn for one job, participants and team. */
const MAX_DRAWN = MAX_PARTICIPANTS + MAX_TEAM;
/** The largest number of nodes that one job can pay for audits. */
export const MAX_AUDIT_CREDITS = 4096;

export const Job = new ContainerType(
  {
    /** Id of the opening transaction. */
    id: Hash,
    client: Address,
    spec: JobSpec,
    escrow: Uint64,
    /** The part of it that burns at settlement: the price of its place among the open jobs, and of an early end. */
    opening: Uint64,
    /** Index into JOB_PHASES. */
    phase: Uint8,
    /** Index into JOB_OUTCOMES; it stays when the job is settled. */
    outcome: Uint8,
    /** Current round, from 1; after the end, the last recorded round; 0 = none. */
    round: Uint16,
    openedAt: Uint32,
    /** Height at which the current phase began. */
    phaseSince: Uint32,
    /** How many times the current phase was extended because there was no quorum. */
    extensions: Uint8,
    closedAt: Uint32,
    /** Height at which the chain next looks at the job even if no transaction touches it; 0 = never. */
    due: Uint32,
    /** Node indexes in drawn order; the first is the active manager. */
    team: new ListBasicType(Uint32, MAX_TEAM),
    /** For each team member: two for each record that it managed, one for each that it co-signed. */
    credits: new ListBasicType(Uint16, MAX_TEAM),
    /** In drawn order; the position is the shard number. */
    participants: new ListCompositeType(Participant, MAX_PARTICIPANTS),
    /** Audits of committed updates that are not over; the job cannot be settled before they are. */
    audits: new ListCompositeType(Audit, MAX_AUDITS),
    /** Which nodes replayed how much of this job, in node order. */
    auditors: new ListCompositeType(AuditCredit, MAX_AUDIT_CREDITS),
    progress: JobProgress,
    settlement: Settlement,
    /** The refused updates of the round that could not be recorded, if that ended the job; in node index order. */
    refused: new ListCompositeType(RefusedUpdate, MAX_PARTICIPANTS),
    /** In node index order. */
    objections: new ListCompositeType(Objection, MAX_DRAWN),
    /** Members of the team that were excluded because of a proven fault, in node index order. */
    expelled: new ListBasicType(Uint32, MAX_TEAM),
  },
  { typeName: "Job", jsonCase: "eth2" },
);
export type Job = ValueOf<typeof Job>;

export function isUnsettled({ phase }: Pick<Job, "phase">): boolean {
  return JOB_PHASES[phase] !== "settled";
}
