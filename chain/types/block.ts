/** Blocks, votes and certificates. The hash of a block is the SSZ root of its header. */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Evidence } from "./evidence.ts";
import { JobRecord } from "./job.ts";
import { RatingChange } from "./node.ts";
import {
  Hash,
  MAX_EVIDENCE,
  MAX_RATING_CHANGES,
  MAX_RECORDS,
  MAX_SEATS,
  MAX_TRANSACTIONS,
  PublicKey,
  Signature,
  Uint16,
  Uint32,
  Uint64,
} from "./primitive.ts";
import { SignedTransaction } from "./transaction.ts";

export const PROTOCOL_VERSION = 1;

export const Header = new ContainerType(
  {
    version: Uint16,
    height: Uint32,
    /** Round in which the block was first proposed; it decides whose turn it was. */
    round: Uint16,
    /** Unix milliseconds, above the parent's. */
    time: Uint64,
    parent: Hash,
    proposer: PublicKey,
    /** Preimage of the proposer's hash onion; it changes the mix. */
    onionReveal: Hash,
    /** Sum of the seats' weights: the counterpart of a difficulty target in other chains. */
    totalWeight: Uint64,
    transactionsRoot: Hash,
    recordsRoot: Hash,
    ratingsRoot: Hash,
    evidenceRoot: Hash,
    /** Root of the seats that certify this block. */
    seatsRoot: Hash,
    /** State after this block. */
    stateRoot: Hash,
    /** Root of the parent's certificate in this block; zero at height 1. */
    parentCertificate: Hash,
  },
  { typeName: "Header", jsonCase: "eth2" },
);
export type Header = ValueOf<typeof Header>;

export const CertificateSignature = new ContainerType(
  { seat: Uint16, signature: Signature },
  { typeName: "CertificateSignature", jsonCase: "eth2" },
);
/** Precommits of more than 2/3 of the weight for one block, in seat order. */
export const Certificate = new ContainerType(
  {
    height: Uint32,
    round: Uint16,
    blockHash: Hash,
    signatures: new ListCompositeType(CertificateSignature, MAX_SEATS),
  },
  { typeName: "Certificate", jsonCase: "eth2" },
);
export type Certificate = ValueOf<typeof Certificate>;

export const Transactions = new ListCompositeType(SignedTransaction, MAX_TRANSACTIONS);
export const Records = new ListCompositeType(JobRecord, MAX_RECORDS);
export const RatingChanges = new ListCompositeType(RatingChange, MAX_RATING_CHANGES);
export const EvidenceList = new ListCompositeType(Evidence, MAX_EVIDENCE);

/**
 * Records and rating changes follow from the transactions; they are included so that a block can be read on its own.
 */
export const Body = new ContainerType(
  {
    transactions: Transactions,
    records: Records,
    ratingChanges: RatingChanges,
    evidence: EvidenceList,
  },
  { typeName: "Body", jsonCase: "eth2" },
);
export type Body = ValueOf<typeof Body>;

export const Block = new ContainerType(
  { header: Header, body: Body, parentCertificate: Certificate },
  { typeName: "Block", jsonCase: "eth2" },
);
export type Block = ValueOf<typeof Block>;

/** A block with the proof that it is final: what the store keeps and sync serves. */
export const CertifiedBlock = new ContainerType(
  { block: Block, certificate: Certificate },
  { typeName: "CertifiedBlock", jsonCase: "eth2" },
);
export type CertifiedBlock = ValueOf<typeof CertifiedBlock>;

/** `validRound` is one more than the round of the proof-of-lock; 0 = none (-1 in Tendermint). */
export const Proposal = new ContainerType(
  {
    height: Uint32,
    round: Uint16,
    validRound: Uint16,
    block: Block,
    signature: Signature,
  },
  { typeName: "Proposal", jsonCase: "eth2" },
);
export type Proposal = ValueOf<typeof Proposal>;
