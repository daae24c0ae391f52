/** Orders that have been checked and priced, and orders that have been opened. */
import type { JobSpec } from "../../chain/types/job.ts";

export interface PreparedJob {
  readonly spec: JobSpec;
  readonly price: bigint;
  readonly escrow: bigint;
  /** Sentences for the client: what was chosen for it, which engine runs the job and why, and what may go wrong. */
  readonly notes: readonly string[];
}

/** A job opened with the node's own account. */
export interface OrderedJob {
  readonly id: Uint8Array;
  /** Undefined if an earlier request with the same key opened the job. */
  readonly prepared: PreparedJob | undefined;
}
