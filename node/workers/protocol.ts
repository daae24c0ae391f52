/**
 * The messages of the worker link, version 1: a closed union in each direction, everything unknown
 * refused. One task at a time runs on a link:
 *
 *   node                                     worker
 *   order (table of inputs)            ->
 *                                      <-    lacks (which of them it does not have)
 *   part ... of each lacking input     ->
 *                                      <-    progress, output + its parts, in any number
 *   stop (end or abandon), any time    ->
 *                                      <-    done or failed
 *
 * Liveness is WebSocket ping and pong. Task numbers grow; a message about another task than the
 * present one is late and ignored.
 */
import { z } from "zod";
import { MAX_COUNTS } from "../../chain/types/track.ts";
import { LOSSES } from "../../ml/hyperparameters.ts";
import { badFrame, badTask } from "./worker-error.ts";

export const PROTOCOL_VERSION = 1;
export const WORKERS_PATH = "/v1/workers";

const Count = z
  .int()
  .min(0)
  .max(2 ** 48);
const Positive = z
  .int()
  .min(1)
  .max(2 ** 32);
/** As many as an order may say, see chain/transactions/job-open.ts. */
const Operations = z.int().min(1).max(1e15);
const Hash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
const Text = z.string().max(1024);
const Finite = z.number();

const OptimizerBase = {
  learningRate: Finite,
  weightDecay: Finite.exactOptional(),
  clipValue: Finite.exactOptional(),
  clipNorm: Finite.exactOptional(),
};
const Hyperparameters = z.strictObject({
  optimizer: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sgd"), momentum: Finite, ...OptimizerBase }),
    z.strictObject({
      kind: z.literal("adam"),
      beta1: Finite.exactOptional(),
      beta2: Finite.exactOptional(),
      epsilon: Finite.exactOptional(),
      ...OptimizerBase,
    }),
    z.strictObject({
      kind: z.literal("adagrad"),
      initialAccumulator: Finite.exactOptional(),
      epsilon: Finite.exactOptional(),
      ...OptimizerBase,
    }),
  ]),
  loss: z.enum(LOSSES).exactOptional(),
  batchSize: z.int().min(1).max(65_536),
});

const engine = z.enum(["exact", "tfjs"]);

/**
 * Inputs of train and evaluate, in table order: model, manifest, parameters, then the chunks. Of
 * retrain the same, with the start state before the chunks unless it is the first segment.
 * Of replay: the start state. Of baseline and track: none.
 */
const Order = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("train"),
    engine,
    hyperparameters: Hyperparameters,
    operations: Operations.optional(),
    epochs: Positive,
    segments: Positive,
    seed: Hash,
    /** Whether the states between segments are wanted. */
    states: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal("retrain"),
    engine,
    hyperparameters: Hyperparameters,
    operations: Operations.optional(),
    epochs: Positive,
    segments: Positive,
    seed: Hash,
    segment: Count,
  }),
  z.strictObject({
    kind: z.literal("evaluate"),
    engine,
    hyperparameters: Hyperparameters,
    operations: Operations.optional(),
    split: z.enum(["train", "test"]),
  }),
  z.strictObject({
    kind: z.literal("baseline"),
    task: Positive,
    seed: Hash,
    stepsPerSegment: Positive,
    maxSegments: Positive,
  }),
  z.strictObject({
    kind: z.literal("replay"),
    task: Positive,
    seed: Hash,
    index: Count,
    stepsPerSegment: Positive,
  }),
  z.strictObject({
    kind: z.literal("track"),
    task: Positive,
    mix: Hash,
    publicKey: Hash,
    recipe: z.strictObject({
      learningRate: Positive,
      batchSize: Positive,
      width: Positive,
      epochs: Positive,
    }),
    /** Null while nobody knows the test rows. */
    testMix: Hash.nullable(),
  }),
]);

/** Outputs of train: states if wanted, parameters, checkpoints. Of evaluate: confusion. Of baseline: states. */
const Result = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("train"),
    steps: Count,
    samples: Count,
    meanLoss: Finite,
    durationMs: z.number().nonnegative(),
    optimizerHash: Hash,
  }),
  z.strictObject({ kind: z.literal("retrain"), origin: Hash, end: Hash }),
  z.strictObject({ kind: z.literal("evaluate"), lossSum: Finite, samples: Count }),
  z.strictObject({
    kind: z.literal("baseline"),
    segments: Count,
    /** Part of a core that its thread had. */
    coreShare: z.number().min(0).max(1),
  }),
  z.strictObject({ kind: z.literal("replay"), hash: Hash }),
  z.strictObject({
    kind: z.literal("track"),
    weights: Hash,
    /** Null without a testMix. */
    test: z.strictObject({ confusion: z.array(Count).max(MAX_COUNTS), outputs: Hash }).nullable(),
  }),
]);

/** Payload: the next bytes of the input or output under way. */
const Part = z.strictObject({ type: z.literal("part"), task: Count, offset: Count });

const WorkerMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("hello"),
    version: Count,
    /** SHA-256 of the exact engine's kernels. */
    engine: Hash,
    threads: z.int().min(1).max(4096),
    platform: z.string().max(64),
  }),
  /** Payload: u32 table indexes, ascending. */
  z.strictObject({ type: z.literal("lacks"), task: Count }),
  z.strictObject({
    type: z.literal("progress"),
    task: Count,
    step: Count,
    steps: Count,
    loss: Finite.nullable(),
  }),
  /** Its parts follow before any other output or the end of the task. */
  z.strictObject({
    type: z.literal("output"),
    task: Count,
    name: z.enum(["parameters", "checkpoints", "confusion", "state"]),
    index: Count,
    hash: Hash,
    size: z
      .int()
      .min(1)
      .max(2 ** 32),
  }),
  Part,
  z.strictObject({ type: z.literal("done"), task: Count, result: Result }),
  z.strictObject({
    type: z.literal("failed"),
    task: Count,
    code: z.string().max(64),
    message: Text,
  }),
]);

const NodeMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("welcome"),
    version: z.literal(PROTOCOL_VERSION),
    worker: z.string().max(64),
    /** The node pings so often... */
    heartbeatMs: Positive,
    /** ...and a worker that hears nothing for so long gives the link up. */
    silenceMs: Positive,
  }),
  z.strictObject({
    type: z.literal("refused"),
    refusal: z.enum(["version", "engine", "no-hello"]),
    message: Text,
  }),
  /** Payload: the table, 36 bytes an input: SHA-256, size u32. */
  z.strictObject({ type: z.literal("order"), task: Count, order: Order }),
  Part,
  /** `end`: finish early with what is done (a lane). `abandon`: nobody wants the result. */
  z.strictObject({ type: z.literal("stop"), task: Count, how: z.enum(["end", "abandon"]) }),
]);

export type WireOrder = z.infer<typeof Order>;
export type WireResult = z.infer<typeof Result>;
export type WorkerMessage = z.infer<typeof WorkerMessage>;
export type NodeMessage = z.infer<typeof NodeMessage>;
export type OutputName = Extract<WorkerMessage, { type: "output" }>["name"];

/** @throws WorkerError BAD_FRAME naming the field */
export function decodeWorkerMessage(header: unknown): WorkerMessage {
  return decode(WorkerMessage, header);
}

/** @throws WorkerError BAD_FRAME naming the field */
export function decodeNodeMessage(header: unknown): NodeMessage {
  return decode(NodeMessage, header);
}

/** For the sender: what a worker would refuse is refused here. @throws WorkerError BAD_TASK */
export function checkOrder(order: WireOrder): void {
  const issue = Order.safeParse(order).error?.issues[0];
  if (issue !== undefined) throw badTask(issue.path.join("."), issue.message);
}

function decode<T>(schema: z.ZodType<T>, header: unknown): T {
  const parsed = schema.safeParse(header);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badFrame(`field ${issue?.path.join(".") || "type"}: ${issue?.message ?? "not known"}`);
}
