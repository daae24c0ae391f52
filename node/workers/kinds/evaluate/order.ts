/** Output: `confusion`. */
import { z } from "zod";
import { Count, Finite, MODEL_FIELDS } from "../fields.ts";

export const EvaluateOrder = z.strictObject({
  kind: z.literal("evaluate"),
  ...MODEL_FIELDS,
  split: z.enum(["train", "test"]),
});
export type EvaluateOrder = z.infer<typeof EvaluateOrder>;

export const EvaluateOutcome = z.strictObject({
  kind: z.literal("evaluate"),
  lossSum: Finite,
  samples: Count,
});
export type EvaluateOutcome = z.infer<typeof EvaluateOutcome>;
