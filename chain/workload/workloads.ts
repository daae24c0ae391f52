/** The kinds of work that the chain knows, one row each. */
import { JOB_KINDS, type JobKind, type JobSpec } from "../types/job.ts";
import { search } from "./search/workload.ts";
import { train } from "./train/workload.ts";
import type { Workload } from "./workload.ts";

const WORKLOADS: Readonly<Record<JobKind, Workload>> = { train, search };

export function jobKindOf({ work }: Pick<JobSpec, "work">): JobKind {
  return JOB_KINDS[work.selector];
}

export function workloadOf(spec: Pick<JobSpec, "work">): Workload {
  return WORKLOADS[jobKindOf(spec)];
}
