/** No inputs. Outputs: states. */
import { z } from "zod";
import { Count, Hash, Positive } from "../fields.ts";

export const BaselineOrder = z.strictObject({
  kind: z.literal("baseline"),
  task: Positive,
  seed: Hash,
  stepsPerSegment: Positive,
  maxSegments: Positive,
});
export type BaselineOrder = z.infer<typeof BaselineOrder>;

export const BaselineOutcome = z.strictObject({
  kind: z.literal("baseline"),
  segments: Count,
  /** Share of a core that its thread had. */
  coreShare: z.number().min(0).max(1),
});
export type BaselineOutcome = z.infer<typeof BaselineOutcome>;
