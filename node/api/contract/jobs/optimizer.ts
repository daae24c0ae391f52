/** How a job's model learns: what a client may choose, and what was chosen. */
import { z } from "zod";

const rate = z.number().min(0.000001).max(10);
const share = z.number().min(0).max(0.999999);
const epsilon = z.number().min(1e-9).max(1).exactOptional().describe("default 1e-7");
const clip = z.number().min(0.000001).max(1000).exactOptional();

/** Settings of every optimizer. */
const common = {
  weightDecay: z
    .number()
    .min(0)
    .max(10)
    .exactOptional()
    .describe("share of every weight taken away per step and unit of learning rate; default 0"),
  clipValue: clip.describe("every gradient is cut to this size; default: not"),
  clipNorm: clip.describe("all gradients together are scaled down to this norm; default: not"),
};

/** Defaults are named in the descriptions and set by `defaultOptimizer` (ml/training/default-plan.ts). */
export const OptimizerOrder = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sgd"),
    learningRate: rate.exactOptional().describe("default 0.05"),
    momentum: share.exactOptional().describe("default 0.9; 0 = plain"),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("adam"),
    learningRate: rate
      .exactOptional()
      .describe("default: preset mlp 0.005, logistic 0.01, other models 0.001"),
    beta1: share.exactOptional().describe("default 0.9"),
    beta2: share.exactOptional().describe("default 0.999"),
    epsilon,
    ...common,
  }),
  z.strictObject({
    kind: z.literal("adagrad"),
    learningRate: rate.exactOptional().describe("default 0.01"),
    initialAccumulator: z.number().min(0).max(1000).exactOptional().describe("default 0.1"),
    epsilon,
    ...common,
  }),
]);
export type OptimizerOrder = z.infer<typeof OptimizerOrder>;

const chosen = {
  learningRate: z.number(),
  weightDecay: z.number(),
  clipValue: z.number().exactOptional(),
  clipNorm: z.number().exactOptional(),
};

/** Every setting, with the defaults filled in. */
export const OptimizerJson = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("sgd"), momentum: z.number(), ...chosen }),
  z.object({
    kind: z.literal("adam"),
    beta1: z.number(),
    beta2: z.number(),
    epsilon: z.number(),
    ...chosen,
  }),
  z.object({
    kind: z.literal("adagrad"),
    initialAccumulator: z.number(),
    epsilon: z.number(),
    ...chosen,
  }),
]);
export type OptimizerJson = z.infer<typeof OptimizerJson>;
