/** What replaying the drawn part of an update takes: operations, and bytes to fetch. */
import { runOperations } from "../job/price.ts";
import { segmentCount } from "../job/segments.ts";
import { ALL_SEGMENTS, type Audit } from "../types/audit.ts";
import type { JobSpec } from "../types/job.ts";

/** Global parameters, a state with up to two optimizer values for each of them, and the update, as binary32. */
const BYTES_PER_PARAMETER = 20n;

/** Operations of the segments that an auditor replays, or a member of a committee. */
export function replayOperations(
  { samples, segment }: Pick<Audit, "samples" | "segment">,
  spec: JobSpec,
): bigint {
  const segments = segmentCount(spec, samples);
  const rows = Math.floor(samples / spec.localEpochs);
  const steps = spec.localEpochs * Math.ceil(rows / spec.batchSize);
  const run = runOperations(spec, BigInt(samples), BigInt(steps));
  return segment === ALL_SEGMENTS ? run : run / BigInt(Math.max(1, segments));
}

export function replayBytes({ parameterCount }: Pick<JobSpec, "parameterCount">): bigint {
  return BYTES_PER_PARAMETER * BigInt(parameterCount);
}
