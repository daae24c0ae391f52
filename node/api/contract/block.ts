/** Blocks and transactions as JSON. */
import { z } from "zod";
import { EVIDENCE_KINDS } from "../../../chain/types/evidence.ts";
import { RATING_CAUSES, RATING_FAULTS } from "../../../chain/types/node.ts";
import { TRANSACTION_KINDS } from "../../../chain/types/transaction.ts";
import { RecordJson } from "./jobs/job.ts";
import { Problem } from "./problem.ts";
import {
  Address,
  Amount,
  Bytes,
  Count,
  Hash,
  Height,
  PublicKey,
  Signature,
  UnixMs,
} from "./scalar.ts";

export const TransactionJson = z.object({
  id: Hash,
  kind: z.enum(TRANSACTION_KINDS),
  sender: PublicKey,
  address: Address,
  nonce: Count,
  fee: Amount,
  validUntil: Height,
  payload: z.record(z.string(), z.unknown()).describe("fields of this kind, see docs/protocol.md"),
  signature: Signature,
});
export type TransactionJson = z.infer<typeof TransactionJson>;

export const TransactionStatusJson = z.object({
  state: z.enum(["pending", "final"]),
  height: Height.optional(),
  index: Count.optional(),
  transaction: TransactionJson,
});
export type TransactionStatusJson = z.infer<typeof TransactionStatusJson>;

/** A transaction of the node's own account that is not in a block yet. */
export const WaitingTransactionJson = z.object({
  id: Hash,
  kind: z.enum(TRANSACTION_KINDS),
  nonce: Count,
  fee: Amount,
  validUntil: Height,
  since: Height.describe("height when it was handed in"),
  blocks: Count.describe("that came since"),
  signedBy: z.enum(["node", "client"]),
  reason: z.string().describe("what it waits for"),
});
export type WaitingTransactionJson = z.infer<typeof WaitingTransactionJson>;

export const WaitingTransactionList = z.object({
  transactions: z.array(WaitingTransactionJson),
});

/** The JSON form of POST /v1/transactions; `application/octet-stream` takes the bytes themselves. */
export const TransactionHex = z.strictObject({
  hex: Bytes.min(2).describe("SSZ SignedTransaction"),
});
export const SubmittedTransaction = z.object({ id: Hash });
export type SubmittedTransaction = z.infer<typeof SubmittedTransaction>;

/** One answer for each transaction of a batch, in order. */
export const SubmittedBatch = z.object({
  results: z.array(
    z.object({ id: Hash, problem: Problem.optional().describe("why this one was not taken") }),
  ),
});
export type SubmittedBatch = z.infer<typeof SubmittedBatch>;

export const HeaderJson = z.object({
  version: Count,
  height: Height,
  round: Count,
  time: UnixMs,
  parent: Hash,
  proposer: PublicKey,
  onionReveal: Hash,
  totalWeight: Amount,
  transactionsRoot: Hash,
  recordsRoot: Hash,
  ratingsRoot: Hash,
  evidenceRoot: Hash,
  seatsRoot: Hash,
  stateRoot: Hash,
  parentCertificate: Hash,
});
export type HeaderJson = z.infer<typeof HeaderJson>;

export const CertificateJson = z.object({
  height: Height,
  round: Count,
  blockHash: Hash,
  signatures: z.array(z.object({ seat: Count, signature: Signature })),
});

/** Shares in millionths; their product with the capacity is the rating. */
export const FactorsJson = z.object({
  capacity: Amount.describe("verified in benchmark windows, micro-GFLOP/s"),
  quality: Count,
  reliability: Count.describe("from verified and failed work"),
  energy: Count.describe("from the node's own meter, within 5 % of a million"),
  freshness: Count.describe("halves with every half-life since the last verified window"),
});

export const RatingChangeJson = z.object({
  node: Count,
  name: z.string().optional(),
  cause: z
    .enum(RATING_CAUSES)
    .describe("what a window, track or audit made of the node's own work"),
  fault: z
    .enum(RATING_FAULTS)
    .optional()
    .describe(
      "what was held against it beside that: in a job's audit, or as one who looked at others",
    ),
  window: Count,
  segments: Count,
  factors: FactorsJson,
  before: Amount,
  after: Amount,
});

export const EvidenceJson = z.object({
  node: Count.describe("the accused"),
  name: z.string().optional(),
  kind: z.enum(EVIDENCE_KINDS),
  height: Height.optional().describe(
    "where the fault happened; absent of faults in the lease log of a search, which has no heights",
  ),
});
export const SubmittedEvidence = z.object({ node: Count });

export const BlockJson = z.object({
  hash: Hash,
  sizeBytes: Count,
  proposerName: z.string().optional(),
  header: HeaderJson,
  transactions: z.array(TransactionJson),
  records: z.array(RecordJson),
  ratingChanges: z.array(RatingChangeJson),
  evidence: z.array(EvidenceJson),
  certificate: CertificateJson,
});
export type BlockJson = z.infer<typeof BlockJson>;

export const BlockSummary = z.object({
  height: Height,
  hash: Hash,
  time: UnixMs,
  round: Count,
  proposer: PublicKey,
  proposerName: z.string().optional(),
  transactions: Count,
  records: Count,
  ratingChanges: Count,
  signatures: Count,
  sizeBytes: Count,
});
export type BlockSummary = z.infer<typeof BlockSummary>;

export const BlockList = z.object({
  /** Newest first. */
  blocks: z.array(BlockSummary),
  next: Height.optional().describe("`from` of the next older page"),
});
export type BlockList = z.infer<typeof BlockList>;
