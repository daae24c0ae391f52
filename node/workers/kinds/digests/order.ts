/** Inputs: `algorithm`, and `nonces` of 8 bytes each, lowest byte first. Output: `digests`, 32 bytes for each. */
import { z } from "zod";
import { SEARCH_FIELDS } from "../algorithm-task.ts";

export const DigestsOrder = z.strictObject({ kind: z.literal("digests"), ...SEARCH_FIELDS });
export type DigestsOrder = z.infer<typeof DigestsOrder>;

export const DigestsOutcome = z.strictObject({ kind: z.literal("digests") });
export type DigestsOutcome = z.infer<typeof DigestsOutcome>;
