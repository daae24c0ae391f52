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

export const RatingExplanation = z.object({
  node: Count,
  name: z.string(),
  rating: Amount,
  factors: z.array(RatingFactorJson),
  /** What the chain makes of the rating. */
  weight: Amount,
  votingWeight: Amount,
  windows: z.array(Amount).describe("verified capacities of the last windows, oldest first"),
  changes: z
    .array(RatingChangeJson.extend({ height: Height, time: UnixMs, explanation: z.string() }))
    .describe("newest first"),
});
export type RatingExplanation = z.infer<typeof RatingExplanation>;
