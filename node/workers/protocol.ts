/**
 * The messages of the worker link, version 3. They are a closed union in each direction, and everything unknown is
 * refused; each kind of task has its own orders and results (`kinds/`). One task at a time runs on a link:
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
import { Count, Finite, Hash, Positive } from "./kinds/fields.ts";
import { KINDS, type TaskKind } from "./kinds/kinds.ts";
import type { OfKind } from "./kinds/work.ts";
import { badFrame, badTask } from "./worker-error.ts";

export const PROTOCOL_VERSION = 3;
export const WORKERS_PATH = "/v1/workers";

const Order = z.discriminatedUnion("kind", schemasOf("order"));
const Result = z.discriminatedUnion("kind", schemasOf("outcome"));
const Text = z.string().max(1024);
const Name = z.string().max(32);
/** Names of inputs of one order. */
const MAX_NAMES = 16;

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
    /** The kind of the task determines which names there are. */
    name: Name,
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
    /** The node pings at this interval. */
    heartbeatMs: Positive,
    /** A worker that receives nothing for so long closes the link. */
    silenceMs: Positive,
  }),
  z.strictObject({
    type: z.literal("refused"),
    refusal: z.enum(["version", "engine", "no-hello"]),
    message: Text,
  }),
  /** Payload: the table, 36 bytes an input: SHA-256, size u32. */
  z.strictObject({
    type: z.literal("order"),
    task: Count,
    order: Order,
    /** What the inputs in the table are, one group after another. */
    inputs: z
      .array(z.strictObject({ name: Name, count: Count, isKept: z.boolean() }))
      .max(MAX_NAMES),
  }),
  Part,
  /** `end`: finish early with what is done (a lane, a search). `abandon`: nobody wants the result. */
  z.strictObject({ type: z.literal("stop"), task: Count, how: z.enum(["end", "abandon"]) }),
]);

export type WireOrder = z.infer<typeof Order>;
export type WireResult = z.infer<typeof Result>;
export type WorkerMessage = z.infer<typeof WorkerMessage>;
export type NodeMessage = z.infer<typeof NodeMessage>;

/** @throws WorkerError BAD_FRAME naming the field */
export function decodeWorkerMessage(header: unknown): WorkerMessage {
  return decode(WorkerMessage, header);
}

/** @throws WorkerError BAD_FRAME naming the field */
export function decodeNodeMessage(header: unknown): NodeMessage {
  return decode(NodeMessage, header);
}

/** For the sender: what a worker would refuse is refused here. @throws WorkerError BAD_TASK */
export function checkOrder(order: OfKind): void {
  const issue = Order.safeParse(order).error?.issues[0];
  if (issue !== undefined) throw badTask(issue.path.join("."), issue.message);
}

function decode<T>(schema: z.ZodType<T>, header: unknown): T {
  const parsed = schema.safeParse(header);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badFrame(`field ${issue?.path.join(".") || "type"}: ${issue?.message ?? "not known"}`);
}

type Schema<Part extends "order" | "outcome"> = (typeof KINDS)[TaskKind][Part];

function schemasOf<Part extends "order" | "outcome">(
  part: Part,
): [Schema<Part>, ...Schema<Part>[]] {
  const [first, ...others] = Object.values(KINDS).map((kind) => kind[part]);
  if (first === undefined) throw new RangeError("no kinds of tasks");
  return [first, ...others];
}
