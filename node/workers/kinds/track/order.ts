/** No inputs, no outputs. */
import { z } from "zod";
import { MAX_COUNTS } from "../../../../chain/types/track.ts";
import { Count, Hash, Positive } from "../fields.ts";

export const TrackOrder = z.strictObject({
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
  /** Null while the test rows are unknown. */
  testMix: Hash.nullable(),
});
export type TrackOrder = z.infer<typeof TrackOrder>;

export const TrackOutcome = z.strictObject({
  kind: z.literal("track"),
  weights: Hash,
  /** Null without a testMix. */
  test: z.strictObject({ confusion: z.array(Count).max(MAX_COUNTS), outputs: Hash }).nullable(),
});
export type TrackOutcome = z.infer<typeof TrackOutcome>;
