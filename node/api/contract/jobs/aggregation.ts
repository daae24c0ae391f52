/** How a job combines updates and takes the step: what a client may choose, and what was chosen. */
import { z } from "zod";
import { JOB_AGGREGATIONS } from "../../../../chain/types/aggregation.ts";

const hostile = z.number().min(0).max(0.499999);
const clip = z.number().min(0.000001).max(1000);
const rate = z.number().min(0.000001).max(10);
const share = z.number().min(0).max(0.999999);
const tau = z.number().min(1e-9).max(1);

export const AggregationOrder = z.strictObject({
  rule: z.enum(JOB_AGGREGATIONS).exactOptional().describe("default fedavg"),
  hostile: hostile
    .exactOptional()
    .describe(
      "trimmed-mean, krum, multi-krum: share of the updates taken to be hostile; default 0.2",
    ),
  clip: clip
    .exactOptional()
    .describe(
      "centred-clipping, norm-clipping: length to which updates are cut; default: by their median",
    ),
  bucket: z
    .int()
    .min(1)
    .max(16)
    .exactOptional()
    .describe("updates that are averaged before the rule sees them; default 1: none"),
});
export type AggregationOrder = z.infer<typeof AggregationOrder>;

const adaptive = {
  learningRate: rate.exactOptional().describe("default 0.01"),
  beta1: share.exactOptional().describe("default 0.9; adagrad 0"),
  tau: tau.exactOptional().describe("degree of adaptivity; default 0.001"),
};
const beta2 = share.exactOptional().describe("default 0.99");

/** Defaults are named in the descriptions and set by `SERVER_DEFAULTS` (ml/job-aggregation.ts). */
export const ServerOrder = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sgd"),
    learningRate: rate.exactOptional().describe("default 1"),
    momentum: share.exactOptional().describe("default 0: none"),
  }),
  z.strictObject({ kind: z.literal("adagrad"), ...adaptive }),
  z.strictObject({ kind: z.literal("adam"), ...adaptive, beta2 }),
  z.strictObject({ kind: z.literal("yogi"), ...adaptive, beta2 }),
]);
export type ServerOrder = z.infer<typeof ServerOrder>;

export const AggregationJson = z.object({
  rule: z.enum(JOB_AGGREGATIONS),
  hostile: z.number().exactOptional(),
  clip: z.number().exactOptional().describe("absent: by the median of the lengths"),
  bucket: z.int(),
});
export type AggregationJson = z.infer<typeof AggregationJson>;

const chosen = { learningRate: z.number(), beta1: z.number(), tau: z.number() };

/** Every setting, with the defaults filled in. */
export const ServerJson = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("sgd"), learningRate: z.number(), momentum: z.number() }),
  z.object({ kind: z.literal("adagrad"), ...chosen }),
  z.object({ kind: z.literal("adam"), ...chosen, beta2: z.number() }),
  z.object({ kind: z.literal("yogi"), ...chosen, beta2: z.number() }),
]);
export type ServerJson = z.infer<typeof ServerJson>;
