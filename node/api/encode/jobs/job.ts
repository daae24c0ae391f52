/** Jobs of any kind of work, their orders and their recorded rounds in the contract's form. */
import { toHex } from "../../../../chain/crypto/hash.ts";
import type { State } from "../../../../chain/state/state.ts";
import {
  JOB_KINDS,
  type Job,
  type JobKind,
  type JobRecord,
  JobSpec,
} from "../../../../chain/types/job.ts";
import { jobKindOf } from "../../../../chain/workload/workloads.ts";
import type { RecordedRound } from "../../../jobs/job-records.ts";
import type { OrderedJob, PreparedJob } from "../../../jobs/prepared-job.ts";
import type { LiveSearch } from "../../../jobs/search/live-search.ts";
import type {
  JobDetail,
  JobSummary,
  PreparedJson,
  RecordJson,
  RoundJson,
  SpecJson,
  SubmittedJob,
} from "../../contract/jobs/job.ts";
import {
  encodeSearchDetail,
  encodeSearchRecord,
  encodeSearchSpec,
  encodeSearchSummary,
} from "./search.ts";
import {
  encodeTrainDetail,
  encodeTrainRecord,
  encodeTrainSpec,
  encodeTrainSummary,
} from "./train.ts";

/** The encoder of one kind of work. */
interface KindEncoder<K extends JobKind> {
  spec(spec: JobSpec): Extract<SpecJson, { kind: K }>;
  summary(job: Job): Extract<JobSummary, { kind: K }>;
  detail(state: State, job: Job, live?: LiveSearch): Extract<JobDetail, { kind: K }>;
  record(state: State, record: JobRecord): Extract<RecordJson, { kind: K }>;
}

const ENCODERS: { readonly [K in JobKind]: KindEncoder<K> } = {
  train: {
    spec: encodeTrainSpec,
    summary: encodeTrainSummary,
    detail: encodeTrainDetail,
    record: encodeTrainRecord,
  },
  search: {
    spec: encodeSearchSpec,
    summary: encodeSearchSummary,
    detail: encodeSearchDetail,
    record: encodeSearchRecord,
  },
};

export function encodeSpec(spec: JobSpec): SpecJson {
  return ENCODERS[jobKindOf(spec)].spec(spec);
}

export function encodeJobSummary(job: Job): JobSummary {
  return ENCODERS[jobKindOf(job.spec)].summary(job);
}

/** @param live what this node sees of the round under way, if it is a search's */
export function encodeJobDetail(state: State, job: Job, live?: LiveSearch): JobDetail {
  return ENCODERS[jobKindOf(job.spec)].detail(state, job, live);
}

export function encodeRecord(state: State, record: JobRecord): RecordJson {
  return ENCODERS[JOB_KINDS[record.gain.selector]].record(state, record);
}

export function encodeRound(state: State, { height, blockHash, record }: RecordedRound): RoundJson {
  return { ...encodeRecord(state, record), height, blockHash: toHex(blockHash) };
}

export function encodePrepared({ spec, price, escrow, notes }: PreparedJob): PreparedJson {
  const encoded = encodeSpec(spec);
  const prepared = {
    kind: encoded.kind,
    spec: encoded,
    specBytes: toHex(JobSpec.serialize(spec)),
    price: price.toString(),
    escrow: escrow.toString(),
    notes: [...notes],
  };
  // The kind is that of the spec; the compiler does not see this for a union.
  return prepared as PreparedJson;
}

const OPENED_BEFORE = "an earlier request with this Idempotency-Key opened the job";

export function encodeOrdered({ id, prepared }: OrderedJob): SubmittedJob {
  if (prepared === undefined) return { id: toHex(id), notes: [OPENED_BEFORE] };
  const { price, escrow, notes } = encodePrepared(prepared);
  return { id: toHex(id), price, escrow, notes };
}
