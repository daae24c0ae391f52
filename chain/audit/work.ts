/** Operations that replaying the drawn part of an update takes. */
import { ALL_SEGMENTS, type Audit } from "../types/audit.ts";
import type { JobSpec } from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";

/** Operations of the segments that an auditor replays, or a member of a committee. */
export function replayOperations(
  { units, segment }: Pick<Audit, "units" | "segment">,
  spec: JobSpec,
): bigint {
  const workload = workloadOf(spec);
  const run = workload.runOperations(spec, units);
  return segment === ALL_SEGMENTS ? run : run / BigInt(Math.max(1, workload.segments(spec, units)));
}

/** Parts into which the run behind an update is cut. */
export function segmentsOf({ units }: Pick<Audit, "units">, spec: JobSpec): number {
  return workloadOf(spec).segments(spec, units);
}
