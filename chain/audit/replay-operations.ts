/** The number of operations for a replay of the drawn part of an update. */
import { ALL_SEGMENTS, type Audit } from "../types/audit.ts";
import type { JobSpec } from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";

/** Operations of the segments that an auditor or a member of a committee replays. */
export function replayOperations(
  { units, segment }: Pick<Audit, "units" | "segment">,
  spec: JobSpec,
): bigint {
  const workload = workloadOf(spec);
  const run = workload.runOperations(spec, units);
  return segment === ALL_SEGMENTS ? run : run / BigInt(Math.max(1, workload.segments(spec, units)));
}

/** Number of parts into which the run of an update is divided. */
export function segmentsOf({ units }: Pick<Audit, "units">, spec: JobSpec): number {
  return workloadOf(spec).segments(spec, units);
}
