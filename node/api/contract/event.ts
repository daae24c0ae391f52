/** Messages of the event stream, one JSON object per WebSocket message. */
import { z } from "zod";
import { Count } from "./scalar.ts";

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
