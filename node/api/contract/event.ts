/** Messages of the event stream, one JSON object per WebSocket message. */
import { z } from "zod";
import { BlockSummary, RatingChangeJson } from "./block.ts";
import { JobSummary, RoundJson } from "./jobs/job.ts";
import { Count, Hash, PublicKey } from "./scalar.ts";

export const EVENT_TYPES = [
  "block",
  "job",
  "round",
  "training",
  "rating",
  "peer",
  "transfer",
  "log",
] as const;

export const EventJson = z.object({
  cursor: Count.describe("grows by one per event; resume with ?since="),
  type: z.enum(EVENT_TYPES),
  data: z.record(z.string(), z.unknown()),
});
export type EventJson = z.infer<typeof EventJson>;

/** First message of a connection. `resumed` is false when events after `since` are lost. */
export const HelloJson = z.object({
  type: z.literal("hello"),
  cursor: Count.describe("cursor of the newest event at this moment"),
  resumed: z.boolean(),
});
export type HelloJson = z.infer<typeof HelloJson>;

export const StreamMessage = z.union([HelloJson, EventJson]);
export type StreamMessage = z.infer<typeof StreamMessage>;

/** WebSocket close codes of this API (RFC 6455 leaves 4000 to 4999 to applications). */
export const CLOSE_SLOW_READER = 4008;
export const CLOSE_TOO_MANY = 4029;

/** The content of `data`, by type. A reader skips types that it does not know. */
export const EVENT_DATA = {
  /** A block became final. */
  block: BlockSummary,
  /** A job was opened or changed its phase or round. */
  job: JobSummary,
  /** A round of a job was recorded. */
  round: RoundJson,
  /** Progress of a shard this node trains. */
  training: z.object({
    job: Hash,
    round: Count,
    node: Count.describe("index of the training node"),
    step: Count,
    steps: Count,
    loss: z.number().optional(),
  }),
  rating: RatingChangeJson.extend({ height: Count }),
  peer: z.object({ publicKey: PublicKey, address: z.string(), connected: z.boolean() }),
  /** Bytes of a dataset, model or update that this node is fetching. */
  transfer: z.object({
    what: z.string().describe("dataset, model, update"),
    id: Hash,
    doneBytes: Count,
    totalBytes: Count,
  }),
  log: z.object({ level: z.enum(["info", "warn", "error"]), message: z.string() }),
} as const satisfies Record<(typeof EVENT_TYPES)[number], z.ZodType>;
export type EventData = {
  readonly [T in keyof typeof EVENT_DATA]: z.infer<(typeof EVENT_DATA)[T]>;
};
