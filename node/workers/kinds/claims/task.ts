import type { ClaimPlace } from "../../../../chain/workload/search/claims-file.ts";
import type { Find } from "../../../../ml/search/algorithm.ts";
import type { BlobSource } from "../../blob-source.ts";
import type { AlgorithmTask } from "../algorithm-task.ts";

/** A file of claims that is to be read, and the nonces in it hashed. */
export interface ClaimsTask extends AlgorithmTask {
  readonly file: BlobSource;
  readonly place: ClaimPlace;
  readonly unitBits: number;
  /** Nonces of the job, the last one left out. */
  readonly jobFrom: bigint;
  readonly jobTo: bigint;
}

/** Units `from` to `to`, the last one left out. */
export interface UnitRun {
  readonly from: number;
  readonly to: number;
}

export interface WeighedClaims {
  /** The claimed units, in order; no two runs touch. */
  readonly runs: readonly UnitRun[];
  /** With the digests that their nonces really have. */
  readonly finds: readonly Find[];
  /** Sum of the smallest digests of the units (chain/workload/search/statistics.ts). */
  readonly share: bigint;
}
