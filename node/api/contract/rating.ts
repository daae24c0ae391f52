/** The explanation of a rating: every factor with its origin, and every change with its cause. */
import { z } from "zod";
import { RatingChangeJson } from "./block.ts";
import { Amount, Count, Height, UnixMs } from "./scalar.ts";

export const RatingFactorJson = z.object({
  name: z.enum(["capacity", "quality", "reliability", "energy", "freshness"]),
  /** Capacity in micro-GFLOP/s, the others as a multiplier. */
  value: z.number(),
  source: z.enum(["measured by the chain", "self-reported", "not measured yet"]),
  explanation: z.string(),
});
export type RatingFactorJson = z.infer<typeof RatingFactorJson>;

/** The basis of the quality, each value from 0 to 1. */
export const TrackScoreJson = z.object({
  track: Count,
  task: Count,
  accuracy: z.number(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  reference: z.number().describe("F1 at which the quality is 1"),
});
export type TrackScoreJson = z.infer<typeof TrackScoreJson>;

export const RatingExplanation = z.object({
  node: Count,
  name: z.string(),
  rating: Amount,
  factors: z.array(RatingFactorJson),
  /** The weight that follows from the rating. */
  weight: Amount,
  votingWeight: Amount,
  windows: z.array(Amount).describe("verified capacities of the last windows, oldest first"),
  track: TrackScoreJson.optional().describe("score of the open track, verified by others"),
  warnings: z
    .array(z.string())
    .describe(
      "what is held against the node right now, before it costs anything, or nearly enough",
    ),
  changes: z
    .array(RatingChangeJson.extend({ height: Height, time: UnixMs, explanation: z.string() }))
    .describe("newest first"),
  next: Height.optional().describe("`from` of the next page of changes"),
});
export type RatingExplanation = z.infer<typeof RatingExplanation>;
