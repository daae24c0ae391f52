/**
 * Transactions on the wire. A payload is an SSZ union whose selector is the position in
 * TRANSACTION_KINDS: append only. What each kind does lives in chain/transactions/, one file a kind.
 */
import { ContainerType, ListCompositeType, UnionType, type ValueOf } from "@chainsafe/ssz";
import { MAX_AUDIT_PROOF } from "./audit.ts";
import { JobSpec, RoundRefusal, TrainingRecord } from "./job.ts";
import { MemoContainerType } from "./memo-container.ts";
import {
  Address,
  Endpoint,
  Hash,
  MAX_TEAM,
  PublicKey,
  ShortText,
  Signature,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
} from "./primitive.ts";
import { Counts, Recipe } from "./track.ts";
import { LaneClaims } from "./window.ts";

export const Transfer = new ContainerType(
  { to: Address, amount: Uint64 },
  { typeName: "Transfer", jsonCase: "eth2" },
);
/** The sender's key becomes a node's key; the bond is taken from the sender's account. */
export const Register = new ContainerType(
  { name: ShortText, endpoint: Endpoint, bond: Uint64, onion: Hash, onionLength: Uint16 },
  { typeName: "Register", jsonCase: "eth2" },
);
export const Bond = new ContainerType({ amount: Uint64 }, { typeName: "Bond", jsonCase: "eth2" });
/** Replaces the hash onion from the epoch after next on. */
export const Reonion = new ContainerType(
  { onion: Hash, onionLength: Uint16 },
  { typeName: "Reonion", jsonCase: "eth2" },
);
/** What a node worked in a window, before anyone may see any of it. */
export const WindowCommit = new ContainerType(
  {
    window: Uint32,
    /** Height at which the window opened. */
    opens: Uint32,
    lanes: LaneClaims,
    energyMillijoules: Uint64,
    /** Index into ENERGY_SOURCES. */
    energySource: Uint8,
  },
  { typeName: "WindowCommit", jsonCase: "eth2" },
);
/**
 * What a drawn verifier found on one segment. A match proves itself: nobody served the hash of the
 * end state, so only who computed the segment knows it.
 */
export const Finding = new ContainerType(
  {
    lane: Uint8,
    segment: Uint32,
    /** Index into VERDICTS. */
    verdict: Uint8,
    /**
     * Of a match: hash of the end state, and its siblings up to the claimed root. Sealed: the seal, and
     * no siblings. Else zero, empty.
     */
    endHash: Hash,
    path: new ListCompositeType(Hash, 32),
  },
  { typeName: "Finding", jsonCase: "eth2" },
);
export type Finding = ValueOf<typeof Finding>;
export const WindowVerdict = new ContainerType(
  { window: Uint32, node: Uint32, findings: new ListCompositeType(Finding, 32) },
  { typeName: "WindowVerdict", jsonCase: "eth2" },
);
export const JobOpen = new ContainerType(
  { spec: JobSpec, escrow: Uint64 },
  { typeName: "JobOpen", jsonCase: "eth2" },
);
/** A participant binds itself to an update before anyone sees it. */
export const JobCommit = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    updateHash: Hash,
    checkpointRoot: Hash,
    samples: Uint32,
    trainMs: Uint32,
    updateBytes: Uint32,
  },
  { typeName: "JobCommit", jsonCase: "eth2" },
);
/** `member` is the position in the job's team; the signature is over the record's root. */
export const Cosignature = new ContainerType(
  { member: Uint8, signature: Signature },
  { typeName: "Cosignature", jsonCase: "eth2" },
);
export const JobRound = new ContainerType(
  { record: TrainingRecord, cosignatures: new ListCompositeType(Cosignature, MAX_TEAM) },
  { typeName: "JobRound", jsonCase: "eth2" },
);
export const JobSettle = new ContainerType(
  { job: Hash },
  { typeName: "JobSettle", jsonCase: "eth2" },
);
export const JobCancel = new ContainerType(
  { job: Hash },
  { typeName: "JobCancel", jsonCase: "eth2" },
);

/** Asks bonded money back; it is free after the unbonding time and punishable until then. */
export const Unbond = new ContainerType(
  { amount: Uint64 },
  { typeName: "Unbond", jsonCase: "eth2" },
);
/** A node's vote for the next value of one parameter; the present value takes its vote back. */
export const ParameterVote = new ContainerType(
  {
    /** Index into VOTABLE_PARAMETERS. */
    parameter: Uint8,
    /** Unsigned little-endian integer, or a hash as it is. */
    value: Hash,
  },
  { typeName: "ParameterVote", jsonCase: "eth2" },
);

/** A drawn auditor's finding on the segments it replayed. */
export const JobAudit = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    /** Node index of the participant. */
    node: Uint32,
    look: Uint8,
    /** Index into AUDIT_ANSWERS. */
    answer: Uint8,
    /** Of a mismatch in a replay of all segments: the first that differs. */
    segment: Uint16,
    /**
     * Of a match: hash of the segment's end state and its Merkle path, or of all segments the hashes
     * of all states. Sealed: the seal alone. Else empty.
     */
    proof: new ListCompositeType(Hash, MAX_AUDIT_PROOF),
  },
  { typeName: "JobAudit", jsonCase: "eth2" },
);
/** Shows the state that a committee should have reached, so that its seals can be counted. */
export const JobAuditOpen = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    node: Uint32,
    look: Uint8,
    /**
     * Hash of the segment's end state and its Merkle path; of a member that came to another state the
     * hash of that alone.
     */
    proof: new ListCompositeType(Hash, MAX_AUDIT_PROOF),
  },
  { typeName: "JobAuditOpen", jsonCase: "eth2" },
);

/** Binds a node to a recipe and the weights it trained with it (chain/track/proof.ts). */
export const TrackCommit = new ContainerType(
  { track: Uint32, commitment: Hash },
  { typeName: "TrackCommit", jsonCase: "eth2" },
);
/** Opens the commitment and tells what the model does on the test rows. */
export const TrackResult = new ContainerType(
  { track: Uint32, recipe: Recipe, weights: Hash, counts: Counts, outputsDigest: Hash },
  { typeName: "TrackResult", jsonCase: "eth2" },
);
/** What a drawn judge came to, hidden. `node` is the index of whom it judges. */
export const TrackVerdict = new ContainerType(
  { track: Uint32, node: Uint32, seal: Hash },
  { typeName: "TrackVerdict", jsonCase: "eth2" },
);
/** The hash of a model's outputs, which the seals on its result hide. */
export const TrackShow = new ContainerType(
  {
    track: Uint32,
    node: Uint32,
    /** Hash of the outputs that the result was bound to; zero in the show below. */
    outputs: Hash,
    /** Of a judge that came to something else: the answer its seal was made of; else zero. */
    reached: Hash,
  },
  { typeName: "TrackShow", jsonCase: "eth2" },
);

/** The round ends the job: too few of its updates can be used. Signatures over the refusal's root. */
export const JobRefuse = new ContainerType(
  { refusal: RoundRefusal, cosignatures: new ListCompositeType(Cosignature, MAX_TEAM) },
  { typeName: "JobRefuse", jsonCase: "eth2" },
);
/** A participant has no update for this round: its training left the finite numbers. */
export const JobDiverged = new ContainerType(
  { job: Hash, round: Uint16 },
  { typeName: "JobDiverged", jsonCase: "eth2" },
);

/** A drawn node does no work on this order. */
export const JobObject = new ContainerType(
  {
    job: Hash,
    /** Index into OBJECTIONS. */
    reason: Uint8,
  },
  { typeName: "JobObject", jsonCase: "eth2" },
);

export const TRANSACTION_KINDS = [
  "transfer",
  "register",
  "bond",
  "reonion",
  "window-commit",
  "window-verdict",
  "job-open",
  "job-commit",
  "job-round",
  "job-settle",
  "job-cancel",
  "unbond",
  "parameter-vote",
  "job-audit",
  "job-audit-open",
  "track-commit",
  "track-result",
  "track-verdict",
  "track-show",
  "job-refuse",
  "job-diverged",
  "job-object",
] as const;
export type TransactionKind = (typeof TRANSACTION_KINDS)[number];

/** Payload types by kind; the union below and the rule table are both keyed by it. */
export interface Payloads {
  transfer: ValueOf<typeof Transfer>;
  register: ValueOf<typeof Register>;
  bond: ValueOf<typeof Bond>;
  reonion: ValueOf<typeof Reonion>;
  "window-commit": ValueOf<typeof WindowCommit>;
  "window-verdict": ValueOf<typeof WindowVerdict>;
  "job-open": ValueOf<typeof JobOpen>;
  "job-commit": ValueOf<typeof JobCommit>;
  "job-round": ValueOf<typeof JobRound>;
  "job-settle": ValueOf<typeof JobSettle>;
  "job-cancel": ValueOf<typeof JobCancel>;
  unbond: ValueOf<typeof Unbond>;
  "parameter-vote": ValueOf<typeof ParameterVote>;
  "job-audit": ValueOf<typeof JobAudit>;
  "job-audit-open": ValueOf<typeof JobAuditOpen>;
  "track-commit": ValueOf<typeof TrackCommit>;
  "track-result": ValueOf<typeof TrackResult>;
  "track-verdict": ValueOf<typeof TrackVerdict>;
  "track-show": ValueOf<typeof TrackShow>;
  "job-refuse": ValueOf<typeof JobRefuse>;
  "job-diverged": ValueOf<typeof JobDiverged>;
  "job-object": ValueOf<typeof JobObject>;
}

/** Order must equal TRANSACTION_KINDS (tested). */
export const Payload = new UnionType([
  Transfer,
  Register,
  Bond,
  Reonion,
  WindowCommit,
  WindowVerdict,
  JobOpen,
  JobCommit,
  JobRound,
  JobSettle,
  JobCancel,
  Unbond,
  ParameterVote,
  JobAudit,
  JobAuditOpen,
  TrackCommit,
  TrackResult,
  TrackVerdict,
  TrackShow,
  JobRefuse,
  JobDiverged,
  JobObject,
]);
export type Payload = ValueOf<typeof Payload>;

export const Transaction = new MemoContainerType(
  {
    sender: PublicKey,
    /** Must equal the sender account's nonce; each applied transaction adds one. */
    nonce: Uint32,
    /** Micro-POML offered to the proposer; at least `requiredFee`. */
    fee: Uint64,
    /** Last height that may include it. */
    validUntil: Uint32,
    payload: Payload,
  },
  { typeName: "Transaction", jsonCase: "eth2" },
);
export type Transaction = ValueOf<typeof Transaction>;

export const SignedTransaction = new ContainerType(
  { transaction: Transaction, signature: Signature },
  { typeName: "SignedTransaction", jsonCase: "eth2" },
);
export type SignedTransaction = ValueOf<typeof SignedTransaction>;
