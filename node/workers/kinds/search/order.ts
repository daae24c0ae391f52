/**
 * Input: `algorithm`. Outputs: `units`, several at a time and in order, where the index is the position of the first
 * one in the order; `find`, each before its unit.
 */
import { z } from "zod";
import { type Cut, unitCount } from "../../../../chain/workload/search/units.ts";
import { SEARCH_FIELDS } from "../algorithm-task.ts";
import { Count, isUint64, Uint64 } from "../fields.ts";
import { MAX_TASK_UNITS } from "./task.ts";

export const SearchOrder = z
  .strictObject({
    kind: z.literal("search"),
    ...SEARCH_FIELDS,
    unitBits: z.int().min(6).max(32),
    jobFrom: Uint64,
    jobTo: Uint64,
    from: Uint64,
    to: Uint64,
  })
  .superRefine((order, context) => {
    const { unitBits, nonceBytes } = order;
    const texts = [order.jobFrom, order.jobTo, order.from, order.to];
    // The checks of the single fields have already refused it.
    if (!texts.every(isUint64) || !(unitBits >= 6 && unitBits <= 32)) return;
    const [jobFrom = 0n, jobTo = 0n, from = 0n, to = 0n] = texts.map(BigInt);
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: "custom", path: [field], message });
    if (jobTo <= jobFrom) refuse("jobTo", "must be above jobFrom");
    else if (jobTo > 1n << BigInt(8 * nonceBytes)) refuse("jobTo", "is beyond the last nonce");
    else if (to <= from) refuse("to", "must be above from");
    else if (to > unitCount({ from: jobFrom, to: jobTo, unitBits })) {
      refuse("to", "is beyond the last unit");
    } else if (to - from > BigInt(MAX_TASK_UNITS)) {
      refuse("to", `must be at most ${MAX_TASK_UNITS} above from`);
    }
  });
export type SearchOrder = z.infer<typeof SearchOrder>;

export const SearchOutcome = z.strictObject({
  kind: z.literal("search"),
  units: Count,
  /** Number of nonces hashed, including those of an unfinished unit. */
  hashes: Count,
});
export type SearchOutcome = z.infer<typeof SearchOutcome>;

export function cutOf({ jobFrom, jobTo, unitBits }: SearchOrder): Cut {
  return { from: BigInt(jobFrom), to: BigInt(jobTo), unitBits };
}
