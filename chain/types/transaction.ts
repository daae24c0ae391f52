/**
 * Transactions on the wire. A payload is an SSZ union over the table below. chain/transactions/ has one file for each
 * kind, with what it does.
 */
import { ContainerType, ListCompositeType, UnionType, type ValueOf } from "@chainsafe/ssz";
import { MAX_AUDIT_PROOF } from "./audit.ts";
import { JobRecord, JobSpec, RoundRefusal } from "./job.ts";
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
/** What a node worked in a window, claimed before anyone can see any of it. */
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
 * A drawn verifier's finding on one segment. A match proves itself: nobody serves the hash of the end state, so only a
 * node that computed the segment knows it.
 */
export const Finding = new ContainerType(
  {
    lane: Uint8,
    segment: Uint32,
    /** Index into VERDICTS. */
    verdict: Uint8,
    /**
     * For a match: hash of the end state, and its siblings up to the claimed root. Sealed: the seal, without siblings.
     * Otherwise zero and empty.
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
    units: Uint32,
    workMs: Uint32,
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
  { record: JobRecord, cosignatures: new ListCompositeType(Cosignature, MAX_TEAM) },
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

/** Starts the unbonding of bonded money; it is free after the unbonding time, and punishable until then. */
export const Unbond = new ContainerType(
  { amount: Uint64 },
  { typeName: "Unbond", jsonCase: "eth2" },
);
/** A node's vote for the next value of one parameter; the present value withdraws its vote. */
export const ParameterVote = new ContainerType(
  {
    /** Index into VOTABLE_PARAMETERS. */
    parameter: Uint8,
    /** Unsigned little-endian integer, or the hash itself. */
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
    /** For a mismatch in a replay of all segments: the first one that differs. */
    segment: Uint16,
    /**
     * For a match: hash of the segment's end state and its Merkle path; for all segments, the hashes of all states.
     * Sealed: only the seal. Otherwise empty.
     */
    proof: new ListCompositeType(Hash, MAX_AUDIT_PROOF),
  },
  { typeName: "JobAudit", jsonCase: "eth2" },
);
/** Shows the state that a committee should have reached, so that its seals can be evaluated. */
export const JobAuditOpen = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    node: Uint32,
    look: Uint8,
    /**
     * Hash of the segment's end state and its Merkle path; for a member that reached another state, only the hash of
     * that state.
     */
    proof: new ListCompositeType(Hash, MAX_AUDIT_PROOF),
  },
  { typeName: "JobAuditOpen", jsonCase: "eth2" },
);

/** Binds a node to a recipe and to the weights that it trained with it (chain/track/proof.ts). */
export const TrackCommit = new ContainerType(
  { track: Uint32, commitment: Hash },
  { typeName: "TrackCommit", jsonCase: "eth2" },
);
/** Opens the commitment and reports how the model performs on the test rows. */
export const TrackResult = new ContainerType(
  { track: Uint32, recipe: Recipe, weights: Hash, counts: Counts, outputsDigest: Hash },
  { typeName: "TrackResult", jsonCase: "eth2" },
);
/** A drawn judge's result, hidden. `node` is the index of the node that it judges. */
export const TrackVerdict = new ContainerType(
  { track: Uint32, node: Uint32, seal: Hash },
  { typeName: "TrackVerdict", jsonCase: "eth2" },
);
/** The hash of a model's outputs, which the seals on its result hide. */
export const TrackShow = new ContainerType(
  {
    track: Uint32,
    node: Uint32,
    /** Hash of the outputs that the result was bound to; zero if `reached` is given. */
    outputs: Hash,
    /** For a judge that reached another result: the answer from which its seal was made; otherwise zero. */
    reached: Hash,
  },
  { typeName: "TrackShow", jsonCase: "eth2" },
);

/** The round ends the job, because too few of its updates can be used. The signatures cover the refusal's root. */
export const JobRefuse = new ContainerType(
  { refusal: RoundRefusal, cosignatures: new ListCompositeType(Cosignature, MAX_TEAM) },
  { typeName: "JobRefuse", jsonCase: "eth2" },
);
/** A participant has no update for this round, because its training reached numbers that are not finite. */
export const JobDiverged = new ContainerType(
  { job: Hash, round: Uint16 },
  { typeName: "JobDiverged", jsonCase: "eth2" },
);

/** A drawn node will not work on this order. */
export const JobObject = new ContainerType(
  {
    job: Hash,
    /** Index into OBJECTIONS. */
    reason: Uint8,
  },
  { typeName: "JobObject", jsonCase: "eth2" },
);

/** A node's vote on whether a search algorithm is certified; a vote for what is the case already takes its vote back. */
export const AlgorithmVote = new ContainerType(
  {
    /** SHA-256 of the module. */
    algorithm: Hash,
    /** 1: certified. 0: not. */
    isFor: Uint8,
  },
  { typeName: "AlgorithmVote", jsonCase: "eth2" },
);

/**
 * Every kind of transaction, with its payload. Its place is its selector on the wire: append only. Kinds, payload types
 * and the union follow from this table, and the compiler requires a rule for each in chain/transactions/rules.ts.
 */
const PAYLOADS = {
  transfer: Transfer,
  register: Register,
  bond: Bond,
  reonion: Reonion,
  "window-commit": WindowCommit,
  "window-verdict": WindowVerdict,
  "job-open": JobOpen,
  "job-commit": JobCommit,
  "job-round": JobRound,
  "job-settle": JobSettle,
  "job-cancel": JobCancel,
  unbond: Unbond,
  "parameter-vote": ParameterVote,
  "job-audit": JobAudit,
  "job-audit-open": JobAuditOpen,
  "track-commit": TrackCommit,
  "track-result": TrackResult,
  "track-verdict": TrackVerdict,
  "track-show": TrackShow,
  "job-refuse": JobRefuse,
  "job-diverged": JobDiverged,
  "job-object": JobObject,
  "algorithm-vote": AlgorithmVote,
} as const;
export type TransactionKind = keyof typeof PAYLOADS;
export type Payloads = { [K in TransactionKind]: ValueOf<(typeof PAYLOADS)[K]> };
/** By selector. */
export const TRANSACTION_KINDS = Object.keys(PAYLOADS) as readonly TransactionKind[];

export const Payload = new UnionType(Object.values(PAYLOADS));
export type Payload = ValueOf<typeof Payload>;

/** The payload of `kind`; the compiler checks that the value has the type of the kind. */
export function payloadOf<K extends TransactionKind>(kind: K, value: Payloads[K]): Payload {
  return { selector: TRANSACTION_KINDS.indexOf(kind), value };
}

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

export function kindOf({ payload }: Pick<Transaction, "payload">): TransactionKind {
  const kind = TRANSACTION_KINDS[payload.selector];
  if (kind === undefined) throw new RangeError(`no kind ${payload.selector}`);
  return kind;
}

/** The payload of a transaction of this kind; undefined for any other kind. */
export function payloadIf<K extends TransactionKind>(
  kind: K,
  { payload }: Pick<Transaction, "payload">,
): Payloads[K] | undefined {
  if (TRANSACTION_KINDS[payload.selector] !== kind) return undefined;
  return payload.value as Payloads[K];
}
