/**
 * How long a stage of an audit lasts: by the work that it asks for, on a slow machine with a slow line that has other
 * things to do. Nothing of it is up to the client, who could make honest auditors late.
 */
import { AUDIT_STAGES, type Audit } from "../types/audit.ts";
import type { Parameters } from "../types/genesis.ts";
import type { Job } from "../types/job.ts";
import { replayBytes, replayOperations } from "./work.ts";

/** A second of a slow machine, and of a slow line. */
const OPERATIONS_PER_SECOND = 1_000_000_000n;
const BYTES_PER_SECOND = 250_000n;
/** It does other things too. */
const MARGIN = 4n;
/** Of the shortest stage, in those of a window. */
const VERDICTS = 2;
/** A day of one-second blocks: a stage ends, whatever was ordered. */
const MAX_STAGE_BLOCKS = 86_400n;
const OPENING = AUDIT_STAGES.indexOf("opening");

/** Height up to which an answer is taken. To show a state takes no work. */
export function auditDeadline(audit: Audit, { spec }: Job, parameters: Parameters): number {
  const { verdictBlocks, blockIntervalMs } = parameters;
  const shortest = VERDICTS * verdictBlocks;
  if (audit.stage === OPENING) return audit.since + shortest;
  const seconds =
    replayOperations(audit, spec) / OPERATIONS_PER_SECOND + replayBytes(spec) / BYTES_PER_SECOND;
  const blocks = (seconds * 1000n * MARGIN) / BigInt(blockIntervalMs);
  const limited = Number(blocks < MAX_STAGE_BLOCKS ? blocks : MAX_STAGE_BLOCKS);
  return audit.since + (limited > shortest ? limited : shortest);
}
