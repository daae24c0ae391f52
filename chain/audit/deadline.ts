/**
 * How long a stage of an audit lasts. The time follows from the work in the stage, for a slow machine with a slow
 * connection that has other things to do. The client cannot influence it; otherwise it could make honest auditors late.
 */
import { AUDIT_STAGES, type Audit } from "../types/audit.ts";
import type { Parameters } from "../types/genesis.ts";
import type { Job } from "../types/job.ts";
import { workloadOf } from "../workload/workloads.ts";
import { replayOperations } from "./replay-operations.ts";

/** Operations that a slow machine computes, and bytes that a slow connection carries, in a second. */
const OPERATIONS_PER_SECOND = 1_000_000_000n;
const BYTES_PER_SECOND = 250_000n;
/** The time is multiplied by this, because machine and connection do other things too. */
const MARGIN = 4n;
/** The shortest stage, as a multiple of `verdictBlocks`. */
const VERDICTS = 2;
/** A day of one-second blocks: every stage ends, whatever was ordered. */
const MAX_STAGE_BLOCKS = 86_400n;
const OPENING = AUDIT_STAGES.indexOf("opening");

/** Last height at which an answer is accepted. Showing a state takes no work, so that stage is the shortest. */
export function auditDeadline(audit: Audit, { spec }: Job, parameters: Parameters): number {
  const { verdictBlocks, blockIntervalMs } = parameters;
  const shortest = VERDICTS * verdictBlocks;
  if (audit.stage === OPENING) return audit.since + shortest;
  const bytes = workloadOf(spec).replayBytes(spec);
  const seconds = replayOperations(audit, spec) / OPERATIONS_PER_SECOND + bytes / BYTES_PER_SECOND;
  const blocks = (seconds * 1000n * MARGIN) / BigInt(blockIntervalMs);
  const limited = Number(blocks < MAX_STAGE_BLOCKS ? blocks : MAX_STAGE_BLOCKS);
  return audit.since + (limited > shortest ? limited : shortest);
}
