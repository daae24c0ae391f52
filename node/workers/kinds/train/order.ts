/** Outputs: states, if requested, then `parameters` and `checkpoints`. */
import { z } from "zod";
import { Count, Finite, Hash, MODEL_FIELDS, Positive } from "../fields.ts";

export const TrainOrder = z.strictObject({
  kind: z.literal("train"),
  ...MODEL_FIELDS,
  epochs: Positive,
  segments: Positive,
  seed: Hash,
  /** Whether the states between segments are requested. */
  states: z.boolean(),
});
export type TrainOrder = z.infer<typeof TrainOrder>;

export const TrainOutcome = z.strictObject({
  kind: z.literal("train"),
  steps: Count,
  samples: Count,
  meanLoss: Finite,
  durationMs: z.number().nonnegative(),
  optimizerHash: Hash,
});
export type TrainOutcome = z.infer<typeof TrainOutcome>;
