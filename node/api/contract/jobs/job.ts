/** Jobs of any kind of work: `kind` selects the member of the union. */
import { z } from "zod";
import { JOB_KINDS, type JobKind } from "../../../../chain/types/job.ts";
import { Amount, Count, Hash } from "../scalar.ts";
import {
  PreparedSearch,
  SearchDetail,
  SearchRecord,
  SearchRound,
  SearchSpecJson,
  SearchSummary,
} from "./search.ts";
import { SearchOrder } from "./search-order.ts";
import {
  PreparedTrain,
  TrainDetail,
  TrainOrder,
  TrainRecord,
  TrainRound,
  TrainSpecJson,
  TrainSummary,
} from "./train.ts";

const unknownKind = () => `must be one of ${JOB_KINDS.join(", ")}`;

export const JobOrder = z.discriminatedUnion("kind", [TrainOrder, SearchOrder], {
  error: unknownKind,
});
export type JobOrder = z.infer<typeof JobOrder>;

export const SpecJson = z.discriminatedUnion("kind", [TrainSpecJson, SearchSpecJson]);
export type SpecJson = z.infer<typeof SpecJson>;

export const PreparedJson = z.discriminatedUnion("kind", [PreparedTrain, PreparedSearch]);
export type PreparedJson = z.infer<typeof PreparedJson>;

export const JobSummary = z.discriminatedUnion("kind", [TrainSummary, SearchSummary]);
export type JobSummary = z.infer<typeof JobSummary>;

export const JobDetail = z.discriminatedUnion("kind", [TrainDetail, SearchDetail]);
export type JobDetail = z.infer<typeof JobDetail>;

export const RecordJson = z.discriminatedUnion("kind", [TrainRecord, SearchRecord]);
export type RecordJson = z.infer<typeof RecordJson>;

export const RoundJson = z.discriminatedUnion("kind", [TrainRound, SearchRound]);
export type RoundJson = z.infer<typeof RoundJson>;

/** Newest first. */
export const JobList = z.object({
  jobs: z.array(JobSummary),
  next: Count.optional().describe("`from` of the next older page"),
  absent: Count.optional().describe(
    "jobs of this page whose records are not here: they come with the blocks before a snapshot",
  ),
});
export type JobList = z.infer<typeof JobList>;

export const RoundList = z.object({
  rounds: z.array(RoundJson),
  next: Count.optional().describe("`from` of the next page"),
});
export type RoundList = z.infer<typeof RoundList>;

/**
 * A job or record whose kind the caller knows.
 * @throws RangeError for another kind
 */
export function ofKind<K extends JobKind, T extends { readonly kind: JobKind }>(
  kind: K,
  value: T,
): Extract<T, { kind: K }> {
  if (value.kind === kind) return value as Extract<T, { kind: K }>;
  throw new RangeError(`kind: expected ${kind}, got ${value.kind}`);
}

export const SubmittedJob = z.object({
  id: Hash,
  price: Amount.optional().describe("absent when an earlier request with the same key opened it"),
  escrow: Amount.optional(),
  notes: z.array(z.string()).describe("what was chosen for the order, and what may go wrong"),
});
export type SubmittedJob = z.infer<typeof SubmittedJob>;

export const CertificateFile = z
  .record(z.string(), z.unknown())
  .describe("the portable certificate; `npx poml verify` checks it offline");
export type CertificateFile = z.infer<typeof CertificateFile>;
