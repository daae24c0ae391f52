/** Input: `startState`. */
import { z } from "zod";
import { Count, Hash, Positive } from "../fields.ts";

export const ReplayOrder = z.strictObject({
  kind: z.literal("replay"),
  task: Positive,
  seed: Hash,
  index: Count,
  stepsPerSegment: Positive,
});
export type ReplayOrder = z.infer<typeof ReplayOrder>;

export const ReplayOutcome = z.strictObject({ kind: z.literal("replay"), hash: Hash });
export type ReplayOutcome = z.infer<typeof ReplayOutcome>;
