/**
 * Reads the claims of participants, for members of the team and for auditors. The largest file takes a second, so a
 * worker does it; the smallest are read here, since a task would take longer.
 */

import type { Job, Participant } from "../../../chain/types/job.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import { taskOf } from "../../../ml/search/task-of.ts";
import { type BlobSource, wholeOf } from "../../workers/blob-source.ts";
import type { WeighedClaims } from "../../workers/kinds/claims/task.ts";
import { weighClaims } from "../../workers/kinds/claims/weigh-claims.ts";
import type { SearchWorkers } from "../../workers/kinds/search/workers.ts";
import type { AlgorithmFiles } from "./algorithm-files.ts";
import type { NonceDigests } from "./find-check.ts";
import { isFaultOfClaim } from "./replay-fault.ts";

/** Some 16 units. */
const FEW_BYTES = 512;
/** With the wait for a worker. */
const DEADLINE_MS = 120_000;
const UNIT_MS = 10;

/** The commit of a claim. */
export interface ClaimCommit extends Pick<Participant, "node" | "units"> {
  readonly round: number;
}

export interface ClaimReader {
  /**
   * @param file whose SHA-256 was committed to
   * @returns undefined for what no honest node commits to
   * @throws WorkerError, BlobError; the signal's reason
   */
  read(
    job: Pick<Job, "id" | "spec">,
    commit: ClaimCommit,
    file: BlobSource,
    signal: AbortSignal,
  ): Promise<WeighedClaims | undefined>;
}

export interface ClaimReaderModules {
  readonly algorithms: Pick<AlgorithmFiles, "source">;
  readonly workers: Pick<SearchWorkers, "claims">;
  readonly digests: NonceDigests;
}

export class WorkerClaimReader implements ClaimReader {
  readonly #modules: ClaimReaderModules;

  constructor(modules: ClaimReaderModules) {
    this.#modules = modules;
  }

  async read(
    job: Pick<Job, "id" | "spec">,
    commit: ClaimCommit,
    file: BlobSource,
    signal: AbortSignal,
  ): Promise<WeighedClaims | undefined> {
    try {
      return await this.#read(job, commit, file, signal);
    } catch (error) {
      // The module fails on a nonce of theirs, so nobody can have searched its unit.
      if (isFaultOfClaim(error)) return undefined;
      throw error;
    }
  }

  async #read(
    { id, spec }: Pick<Job, "id" | "spec">,
    { round, node, units }: ClaimCommit,
    file: BlobSource,
    signal: AbortSignal,
  ): Promise<WeighedClaims | undefined> {
    const { algorithms, workers, digests } = this.#modules;
    const search = searchSpec(spec);
    const place = { job: id, round, node, units };
    if (file.size <= FEW_BYTES) {
      return weighClaims(await wholeOf(file), place, search, async (nonces) =>
        Buffer.concat(await digests.of(spec, [...nonces], signal)),
      );
    }
    const { unitBits, from: jobFrom, to: jobTo } = search;
    const algorithm = await algorithms.source(spec, signal);
    const task = { ...taskOf(search), algorithm, file, place, unitBits, jobFrom, jobTo };
    return workers.claims(task, { deadlineMs: DEADLINE_MS + UNIT_MS * units, signal });
  }
}
