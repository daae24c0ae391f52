/** Jobs that train: the order of a client, its price, and the progress. */
import { z } from "zod";
import { JOB_LOSSES } from "../../../../chain/types/optimizer.ts";
import { JOB_ENGINES, JOB_PARTITIONS } from "../../../../chain/types/train.ts";
import { ShortName } from "../../../short-name.ts";
import { Amount, Count, Fraction, Hash } from "../scalar.ts";
import { isTask, TASK_ID } from "../task-id.ts";
import { AggregationJson, AggregationOrder, ServerJson, ServerOrder } from "./aggregation.ts";
import {
  CONTRIBUTION_FIELDS,
  DETAIL_FIELDS,
  ORDER_FIELDS,
  PARTICIPANT_FIELDS,
  PLACE_FIELDS,
  PREPARED_FIELDS,
  RECORD_FIELDS,
  SUMMARY_FIELDS,
  TERM_FIELDS,
} from "./frame.ts";
import { OptimizerJson, OptimizerOrder } from "./optimizer.ts";

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

/**
 * Open fields are filled in according to the size and kind of the data (node/jobs/train/default-order.ts); `notes` say
 * how.
 */
export const TrainOrder = z.strictObject({
  kind: z.literal("train").optional().describe("what a node takes an order for that names no kind"),
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
  aggregation: AggregationOrder.optional().describe("default: fedavg"),
  server: ServerOrder.optional().describe("default: takes the combined update as it is"),
  ...ORDER_FIELDS,
  pricePerSample: Amount.optional().describe(
    "micro-POML per verified sample step; default 10, or what its operations cost at least",
  ),
  targetAccuracy: Fraction.optional().describe("stop early; 0 = never, the default"),
  budget: Amount.optional().describe(
    "escrow in micro-POML; default: the price, and room for the price of a place to double",
  ),
  seed: Hash.optional().describe("default: drawn by the node"),
});
export type TrainOrder = z.infer<typeof TrainOrder>;

export const TrainSpecJson = z.object({
  kind: z.literal("train"),
  ...TERM_FIELDS,
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
  aggregation: AggregationJson,
  server: ServerJson,
  pricePerSample: Amount,
  targetAccuracy: Fraction,
});
export type TrainSpecJson = z.infer<typeof TrainSpecJson>;

export const PreparedTrain = z.object({
  kind: z.literal("train"),
  spec: TrainSpecJson,
  ...PREPARED_FIELDS,
});

export const MetricsJson = z.object({
  loss: z.number(),
  accuracy: Fraction,
  precision: Fraction,
  recall: Fraction,
  f1: Fraction,
});
export type MetricsJson = z.infer<typeof MetricsJson>;

export const TrainSummary = z.object({
  kind: z.literal("train"),
  ...SUMMARY_FIELDS,
  rounds: Count,
  metrics: MetricsJson.optional().describe("after the last recorded round"),
});
export type TrainSummary = z.infer<typeof TrainSummary>;

export const ParticipantJson = z.object({
  ...PARTICIPANT_FIELDS,
  shard: Count,
  samples: Count,
  trainMs: Count,
  paidSamples: Amount.describe("sample steps of recorded rounds whose audits are over"),
  earned: Amount.describe("micro-POML for the paid sample steps"),
});

export const TrainDetail = z.object({
  kind: z.literal("train"),
  ...DETAIL_FIELDS,
  spec: TrainSpecJson,
  rounds: Count,
  metrics: MetricsJson.optional().describe("after the last recorded round"),
  parameters: Hash.describe("SHA-256 of the current global parameters"),
  participants: z.array(ParticipantJson),
});
export type TrainDetail = z.infer<typeof TrainDetail>;

export const TrainRecord = z.object({
  kind: z.literal("train"),
  ...RECORD_FIELDS,
  modelBefore: Hash,
  modelAfter: Hash,
  serverState: Hash.describe("what the aggregation keeps for the next round; zeros: nothing"),
  metrics: MetricsJson,
  contributions: z.array(z.object({ ...CONTRIBUTION_FIELDS, samples: Count, trainMs: Count })),
});
export type TrainRecord = z.infer<typeof TrainRecord>;

export const TrainRound = TrainRecord.extend(PLACE_FIELDS);
export type TrainRound = z.infer<typeof TrainRound>;

export const MODEL_FILES = ["model.json", "weights.bin", "dataset.json"] as const;
export type ModelFileName = (typeof MODEL_FILES)[number];

export const ModelListing = z.object({
  job: Hash,
  files: z.array(z.object({ name: z.enum(MODEL_FILES), sizeBytes: Count, sha256: Hash })),
});
export type ModelListing = z.infer<typeof ModelListing>;
