/** Training jobs: the order a client writes, what it costs, and how it goes. */
import { z } from "zod";
import { AUDIT_ANSWERS, AUDIT_STAGES } from "../../../chain/types/audit.ts";
import { AUDIT_FAULTS, JOB_KINDS, JOB_PHASES, OBJECTIONS } from "../../../chain/types/job.ts";
import { JOB_LOSSES } from "../../../chain/types/optimizer.ts";
import { JOB_AGGREGATIONS, JOB_ENGINES, JOB_PARTITIONS } from "../../../chain/types/train.ts";
import { OUTCOME_STATES } from "../../jobs/job-outcome.ts";
import { OptimizerJson, OptimizerOrder } from "./optimizer.ts";
import { Address, Amount, Bytes, Count, Fraction, Hash, Height } from "./scalar.ts";
import { isTask, TASK_ID } from "./task-id.ts";

export const MAX_NAME_BYTES = 64;

/** A label that becomes `ShortText` on the chain. */
export const ShortName = z
  .string()
  .min(1, "must not be empty")
  .refine(
    (text) => new TextEncoder().encode(text).length <= MAX_NAME_BYTES,
    `must be at most ${MAX_NAME_BYTES} bytes of UTF-8`,
  );

export const ModelChoice = z.union([
  z.strictObject({ preset: z.string().min(1).max(64) }),
  z.strictObject({ layersModel: z.unknown() }),
]);

const DatasetId = z
  .string()
  .regex(/^[0-9a-f]{64}$/, {
    error: ({ input }) =>
      TASK_ID.test(String(input)) ? isTask(String(input)) : "must be 64 lower-case hex characters",
  })
  .describe("id of a dataset this node holds");

/** What is left open is filled in by the size and kind of the data (node/jobs/train/default-order.ts); `notes` say how. */
export const JobOrder = z.strictObject({
  name: ShortName.optional().describe("default: the name of the dataset"),
  dataset: DatasetId,
  model: ModelChoice.optional().describe(
    '{"preset": "lenet"} or {"layersModel": tfjs LayersModel JSON}; default: lenet for images, else mlp',
  ),
  engine: z.enum(JOB_ENGINES).optional().describe("default: exact where the model allows it"),
  rounds: z.int().min(1).max(10_000).optional().describe("default by the rows, at most 10"),
  localEpochs: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("default by the rows: about 300 steps a participant in all"),
  batchSize: z.int().min(1).max(4096).optional().describe("default by the rows, 8 to 64"),
  optimizer: OptimizerOrder.optional().describe("default: adam"),
  loss: z
    .enum(JOB_LOSSES)
    .optional()
    .describe("default: the cross-entropy of the softmax or sigmoid that the model ends in"),
  partition: z.enum(JOB_PARTITIONS).optional().describe("default iid"),
  aggregation: z.enum(JOB_AGGREGATIONS).optional().describe("default fedavg"),
  participants: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe("default 4; fewer where rows or nodes are few"),
  quorum: z.int().min(1).max(256).optional().describe("default: more than half of participants"),
  teamSize: z
    .int()
    .min(3)
    .max(16)
    .optional()
    .describe("managers, default 3; where the network has fewer nodes, all of them are drawn"),
  phaseSeconds: z.int().min(1).max(43_200).optional().describe("deadline of a phase, default 120"),
  pricePerSample: Amount.optional().describe(
    "micro-POML per verified sample step; default 10, or what its operations cost at least",
  ),
  targetAccuracy: Fraction.optional().describe("stop early; 0 = never, the default"),
  budget: Amount.optional().describe(
    "escrow in micro-POML; default: the price, and room for the price of a place to double",
  ),
  seed: Hash.optional().describe("default: drawn by the node"),
});
export type JobOrder = z.infer<typeof JobOrder>;

export const SpecJson = z.object({
  kind: z.enum(JOB_KINDS),
  name: z.string(),
  engine: z.enum(JOB_ENGINES),
  model: Hash,
  initialParameters: Hash,
  parameterCount: Count,
  operations: Amount.describe("of one sample step, forward and backward"),
  dataset: Hash,
  torrent: Hash,
  trainRows: Count,
  trainChunks: Count,
  testRows: Count,
  seed: Hash,
  rounds: Count,
  localEpochs: Count,
  batchSize: Count,
  optimizer: OptimizerJson,
  loss: z.enum(JOB_LOSSES),
  partition: z.enum(JOB_PARTITIONS),
  aggregation: z.enum(JOB_AGGREGATIONS),
  participants: Count,
  quorum: Count,
  teamSize: Count,
  phaseBlocks: Count,
  pricePerSample: Amount,
  targetAccuracy: Fraction,
});
export type SpecJson = z.infer<typeof SpecJson>;

export const PreparedJson = z.object({
  spec: SpecJson,
  specBytes: Bytes.describe("the same as SSZ JobSpec, for the job-open transaction"),
  price: Amount,
  escrow: Amount,
  notes: z.array(z.string()),
});
export type PreparedJson = z.infer<typeof PreparedJson>;

export const MetricsJson = z.object({
  loss: z.number(),
  accuracy: Fraction,
  precision: Fraction,
  recall: Fraction,
  f1: Fraction,
});
export type MetricsJson = z.infer<typeof MetricsJson>;

export const SettlementJson = z.object({
  participants: Amount,
  managers: Amount,
  auditors: Amount,
  fee: Amount,
  refund: Amount,
  burned: Amount.describe("what an order that nobody could carry out costs its client"),
});

/** How a job stands or ended. `phase` is how far the chain is with it: a failed job is settled, too. */
export const OutcomeJson = z.object({
  state: z.enum(OUTCOME_STATES),
  reason: z.string().describe("what happened, for people"),
  remedy: z.string().optional().describe("what the client can do about it"),
});
export type OutcomeJson = z.infer<typeof OutcomeJson>;

export const JobSummary = z.object({
  id: Hash,
  name: z.string(),
  client: Address,
  phase: z.enum(JOB_PHASES),
  outcome: OutcomeJson,
  round: Count.describe("under way, from 1; after the end, the last recorded one"),
  recordedRounds: Count,
  hasModel: z.boolean().describe("model and certificate can be fetched"),
  rounds: Count,
  participants: Count,
  openedAt: Height,
  closedAt: Height.optional(),
  escrow: Amount,
  audited: z
    .boolean()
    .describe("others replay a part of every update; false: the work is not verified"),
  metrics: MetricsJson.optional().describe("after the last recorded round"),
});
export type JobSummary = z.infer<typeof JobSummary>;

export const ParticipantJson = z.object({
  node: Count,
  name: z.string(),
  shard: Count,
  committed: z.boolean().describe("delivered in the round under way"),
  samples: Count,
  trainMs: Count,
  updateBytes: Count,
  paidSamples: Amount.describe("sample steps of recorded rounds whose audits are over"),
  paidRounds: Count,
  verifiedRounds: Count.describe("paid rounds of which others replayed a part, bit by bit"),
  faultRound: Count.optional().describe(
    "round whose update was proven false, after which the node is out of the job, or was not served",
  ),
  fault: z.enum(AUDIT_FAULTS).optional(),
  missed: Count,
  earned: Amount.describe("micro-POML for the paid sample steps"),
});

export const MemberJson = z.object({
  node: Count,
  name: z.string(),
  active: z.boolean(),
  credits: Count,
  earned: Amount.describe("micro-POML for managing, as of the recorded rounds"),
});

export const AuditJson = z.object({
  round: Count,
  node: Count.describe("participant whose update it is"),
  look: Count,
  segment: Count.optional().describe("absent: all of them, or not drawn yet"),
  stage: z.enum(AUDIT_STAGES),
  since: Height,
  seats: z.array(
    z.object({
      node: Count,
      name: z.string(),
      committee: z.boolean(),
      answer: z.enum(AUDIT_ANSWERS),
    }),
  ),
});

export const AuditorJson = z.object({
  node: Count,
  name: z.string(),
  segments: Count.describe("replayed for this job"),
  earned: Amount.describe("micro-POML of the auditors' share, as of the paid updates"),
});

export const JobDetail = JobSummary.omit({ participants: true }).extend({
  spec: SpecJson,
  phaseSince: Height,
  extensions: Count,
  parameters: Hash.describe("SHA-256 of the current global parameters"),
  team: z.array(MemberJson),
  participants: z.array(ParticipantJson),
  audits: z.array(AuditJson).describe("looks at updates that are not over"),
  auditors: z.array(AuditorJson),
  objections: z
    .array(z.object({ node: Count, name: z.string(), reason: z.enum(OBJECTIONS) }))
    .describe("drawn nodes that do no work on it"),
  settlement: SettlementJson.optional(),
  cancelBurns: Amount.optional().describe(
    "what burns if the client cancels now, beyond the price of the job's place; absent where it cannot",
  ),
});
export type JobDetail = z.infer<typeof JobDetail>;

/** Newest first. */
export const JobList = z.object({
  jobs: z.array(JobSummary),
  next: Count.optional().describe("`from` of the next older page"),
  absent: Count.optional().describe(
    "jobs of this page whose records are not here: they come with the blocks before a snapshot",
  ),
});
export type JobList = z.infer<typeof JobList>;

export const RecordJson = z.object({
  job: Hash,
  round: Count,
  manager: Count,
  managerName: z.string().optional(),
  modelBefore: Hash,
  modelAfter: Hash,
  metrics: MetricsJson,
  durationMs: Count,
  contributions: z.array(
    z.object({
      node: Count,
      name: z.string().optional(),
      updateHash: Hash,
      samples: Count,
      trainMs: Count,
      updateBytes: Count,
    }),
  ),
});
export type RecordJson = z.infer<typeof RecordJson>;

export const RoundJson = RecordJson.extend({ height: Height, blockHash: Hash });
export type RoundJson = z.infer<typeof RoundJson>;

export const RoundList = z.object({
  rounds: z.array(RoundJson),
  next: Count.optional().describe("`from` of the next page"),
});
export type RoundList = z.infer<typeof RoundList>;

export const SubmittedJob = z.object({
  id: Hash,
  price: Amount.optional().describe("absent when an earlier request with the same key opened it"),
  escrow: Amount.optional(),
  notes: z.array(z.string()).describe("what was chosen for the order, and what may go wrong"),
});
export type SubmittedJob = z.infer<typeof SubmittedJob>;

export const MODEL_FILES = ["model.json", "weights.bin", "dataset.json"] as const;
export type ModelFileName = (typeof MODEL_FILES)[number];

export const ModelListing = z.object({
  job: Hash,
  files: z.array(z.object({ name: z.enum(MODEL_FILES), sizeBytes: Count, sha256: Hash })),
});
export type ModelListing = z.infer<typeof ModelListing>;

export const CertificateFile = z
  .record(z.string(), z.unknown())
  .describe("the portable certificate; `npx poml verify` checks it offline");
export type CertificateFile = z.infer<typeof CertificateFile>;
