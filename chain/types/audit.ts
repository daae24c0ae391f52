/** One audit of an update by other nodes: the part of it that they replay, and their answers. */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { MemoContainerType } from "./memo-container.ts";
import { Hash, Uint8, Uint16, Uint32 } from "./primitive.ts";

/**
 * Wire values; append only. drawing: an auditor is drawn `drawDelay` blocks later. replaying: one auditor
 * answers. calling: a committee is drawn `drawDelay` blocks later. judging: its members answer under seal.
 * opening: the state they should have reached is shown.
 */
export const AUDIT_STAGES = ["drawing", "replaying", "calling", "judging", "opening"] as const;
export type AuditStage = (typeof AUDIT_STAGES)[number];

/**
 * Wire values; append only. sealed: a committee member's finding, hidden until all members have answered. silent: gave
 * no answer in time.
 */
export const AUDIT_ANSWERS = [
  "none",
  "match",
  "mismatch",
  "not-served",
  "sealed",
  "silent",
] as const;
export type AuditAnswer = (typeof AUDIT_ANSWERS)[number];

/** Stands for all segments, in place of one. */
export const ALL_SEGMENTS = 0xffff;
/** Auditors that one look draws before a committee: the first one and its replacement. */
export const MAX_AUDITORS = 2;
export const AUDIT_COMMITTEE = 5;
/** How many times others are drawn if no auditor answered, or no committee reached a result. */
export const MAX_RETRIES = 2;
/**
 * Hashes in an answer: those of all states, or one and its Merkle path. A kind of work divides a run into 64 parts at
 * most.
 */
export const MAX_AUDIT_PROOF = 65;

export const AuditSeat = new ContainerType(
  {
    /** Node index. */
    node: Uint32,
    /** Index into AUDIT_ANSWERS. */
    answer: Uint8,
    /** For a sealed answer, otherwise zero. */
    seal: Hash,
    /** Another state, if the member shows that its seal was made from it; zero = none. */
    reached: Hash,
  },
  { typeName: "AuditSeat", jsonCase: "eth2" },
);
export type AuditSeat = ValueOf<typeof AuditSeat>;

/** A job may have many audits, of which a block changes only a few: each is hashed once. */
export const Audit = new MemoContainerType(
  {
    round: Uint16,
    /** Node index of the participant whose update it is. */
    node: Uint32,
    /** 0, or 1 for the second look at the same update. */
    look: Uint8,
    /** Position among the job's participants: the shard it works on. */
    shard: Uint16,
    /** 1: a record merged the update, so its team had it. 0: auditors must be able to fetch the update, too. */
    merged: Uint8,
    /** What the round started from; for a training job, SHA-256 of its global parameters. */
    base: Hash,
    updateHash: Hash,
    /** Merkle root over the hashes of the segments + 1 states. */
    checkpointRoot: Hash,
    units: Uint32,
    /** The drawn segment, or ALL_SEGMENTS; before a committee, the disputed segment. */
    segment: Uint16,
    /** Index into AUDIT_STAGES. */
    stage: Uint8,
    /** Height at which the stage began. */
    since: Uint32,
    /** Auditors in drawn order, then the committee. */
    seats: new ListCompositeType(AuditSeat, MAX_AUDITORS + AUDIT_COMMITTEE),
    /** How many of the seats are auditors. */
    auditors: Uint8,
    /** Hash of the state at the end of the disputed segment, once shown; otherwise zero. */
    opened: Hash,
    /** Earlier pairs of auditors and committees that reached no result. */
    retries: Uint8,
  },
  { typeName: "Audit", jsonCase: "eth2" },
);
export type Audit = ValueOf<typeof Audit>;

/** What a node gets from a job's share for auditors: one credit for each segment that it replayed. */
export const AuditCredit = new ContainerType(
  { node: Uint32, segments: Uint32 },
  { typeName: "AuditCredit", jsonCase: "eth2" },
);
export type AuditCredit = ValueOf<typeof AuditCredit>;
