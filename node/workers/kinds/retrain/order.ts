/** Has the input `startState` too, unless it is the first segment. */
import { z } from "zod";
import { Count, Hash, MODEL_FIELDS, Positive } from "../fields.ts";

export const RetrainOrder = z.strictObject({
  kind: z.literal("retrain"),
  ...MODEL_FIELDS,
  epochs: Positive,
  segments: Positive,
  seed: Hash,
  segment: Count,
});
export type RetrainOrder = z.infer<typeof RetrainOrder>;

export const RetrainOutcome = z.strictObject({
  kind: z.literal("retrain"),
  origin: Hash,
  end: Hash,
});
export type RetrainOutcome = z.infer<typeof RetrainOutcome>;
