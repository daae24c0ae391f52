/**
 * Inputs: `algorithm`, and `file` as it was committed to. Outputs, if the file is right: `runs`, two numbers of 8 bytes
 * each, lowest byte first: the first unit, and one past the last; `finds`, as of a search.
 */
import { z } from "zod";
import { MAX_CLAIM_UNITS } from "../../../../chain/workload/search/check.ts";
import { MAX_CLAIM_RUNS } from "../../../../chain/workload/search/claims-file.ts";
import { SEARCH_FIELDS } from "../algorithm-task.ts";
import { Hash, Uint64 } from "../fields.ts";
import { MAX_TASK_FINDS } from "../search/task.ts";

export const ClaimsOrder = z.strictObject({
  kind: z.literal("claims"),
  ...SEARCH_FIELDS,
  unitBits: z.int().min(6).max(32),
  jobFrom: Uint64,
  jobTo: Uint64,
  job: Hash,
  round: z.int().min(0).max(0xffff),
  node: z.int().min(0).max(0xffff_ffff),
  units: z.int().min(0).max(MAX_CLAIM_UNITS),
});
export type ClaimsOrder = z.infer<typeof ClaimsOrder>;

export const ClaimsOutcome = z.strictObject({
  kind: z.literal("claims"),
  /** Whether an honest node can have committed to the file; if not, the other fields mean nothing. */
  isRight: z.boolean(),
  share: Uint64,
  runs: z.int().min(0).max(MAX_CLAIM_RUNS),
  finds: z.int().min(0).max(MAX_TASK_FINDS),
});
export type ClaimsOutcome = z.infer<typeof ClaimsOutcome>;
