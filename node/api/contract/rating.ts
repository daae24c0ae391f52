/** A rating explained: every factor with where it comes from, and every change with its cause. */
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

/** What the quality rests on, each from 0 to 1. */
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
  /** What the chain makes of the rating. */
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
