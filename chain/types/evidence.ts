/** Signed proof that a node broke the protocol: messages that no honest node signs, or none that signs both. */
import { ContainerType, UnionType, type ValueOf } from "@chainsafe/ssz";
import { SignedLeaseEntry } from "./lease.ts";
import { Signature, Uint32 } from "./primitive.ts";
import { SignedTransaction } from "./transaction.ts";
import { ProposalSummary, Vote } from "./vote.ts";

/** Two votes of one seat for one (height, round, type), the smaller block hash first. */
export const DuplicateVote = new ContainerType(
  { first: Vote, second: Vote },
  { typeName: "DuplicateVote", jsonCase: "eth2" },
);
export type DuplicateVote = ValueOf<typeof DuplicateVote>;

export const SignedProposalSummary = new ContainerType(
  { summary: ProposalSummary, signature: Signature },
  { typeName: "SignedProposalSummary", jsonCase: "eth2" },
);
export type SignedProposalSummary = ValueOf<typeof SignedProposalSummary>;

/** Proposals of two blocks for one (height, round), the smaller block hash first. */
export const DuplicateProposal = new ContainerType(
  { first: SignedProposalSummary, second: SignedProposalSummary },
  { typeName: "DuplicateProposal", jsonCase: "eth2" },
);
export type DuplicateProposal = ValueOf<typeof DuplicateProposal>;

/** Two window-commit transactions that claim different work in one window, the smaller id first. */
export const DuplicateClaim = new ContainerType(
  { first: SignedTransaction, second: SignedTransaction },
  { typeName: "DuplicateClaim", jsonCase: "eth2" },
);
export type DuplicateClaim = ValueOf<typeof DuplicateClaim>;

/** A precommit for a block, and a later prevote for another one whose stated reason is no newer polka. */
export const Amnesia = new ContainerType(
  { lock: Vote, later: Vote },
  { typeName: "Amnesia", jsonCase: "eth2" },
);
export type Amnesia = ValueOf<typeof Amnesia>;

/** Two entries of one manager in one view of a lease log that contradict each other, the smaller root first. */
export const DuplicateLease = new ContainerType(
  { first: SignedLeaseEntry, second: SignedLeaseEntry },
  { typeName: "DuplicateLease", jsonCase: "eth2" },
);
export type DuplicateLease = ValueOf<typeof DuplicateLease>;

/** An entry of a view that is another member's turn. */
export const UsurpedLease = new ContainerType(
  { usurped: SignedLeaseEntry },
  { typeName: "UsurpedLease", jsonCase: "eth2" },
);
export type UsurpedLease = ValueOf<typeof UsurpedLease>;

/** Wire values: the selectors of `Proof`; append only. */
export const EVIDENCE_KINDS = [
  "duplicate-vote",
  "duplicate-proposal",
  "duplicate-claim",
  "amnesia",
  "duplicate-lease",
  "usurped-lease",
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

export const Proof = new UnionType([
  DuplicateVote,
  DuplicateProposal,
  DuplicateClaim,
  Amnesia,
  DuplicateLease,
  UsurpedLease,
]);

/** `node` is the accused: all signatures of the proof are under its key. */
export const Evidence = new ContainerType(
  { node: Uint32, proof: Proof },
  { typeName: "Evidence", jsonCase: "eth2" },
);
export type Evidence = ValueOf<typeof Evidence>;
