/**
 * Digests of single nonces, for whoever checks what others claim. Algorithms that come with the program are hashed here
 * at once: a find stops everybody, and must not wait behind the work that it ends. Those of strangers go to a worker.
 */
import { compareBytes, toHex } from "../../../chain/crypto/hash.ts";
import type { JobSpec } from "../../../chain/types/job.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import type { Algorithm } from "../../../ml/search/algorithm.ts";
import { openShipped, type ShippedName } from "../../../ml/search/shipped-algorithms.ts";
import { taskOf } from "../../../ml/search/task-of.ts";
import type { SearchWorkers } from "../../workers/kinds/search/workers.ts";
import { type AlgorithmFiles, shippedOf } from "./algorithm-files.ts";

/** Nonces that are hashed here, at most. */
const FEW = 16;
const DEADLINE_MS = 120_000;

export interface NonceDigests {
  /**
   * @returns 32 bytes for each nonce, in order
   * @throws WorkerError, BlobError, AlgorithmError; the signal's reason
   */
  of(spec: JobSpec, nonces: readonly bigint[], signal: AbortSignal): Promise<readonly Uint8Array[]>;
}

export interface DigestsModules {
  readonly algorithms: Pick<AlgorithmFiles, "source">;
  readonly workers: Pick<SearchWorkers, "digests">;
}

export class CheckedDigests implements NonceDigests {
  readonly #modules: DigestsModules;
  readonly #opened = new Map<ShippedName, Promise<Algorithm>>();

  constructor(modules: DigestsModules) {
    this.#modules = modules;
  }

  async of(
    spec: JobSpec,
    nonces: readonly bigint[],
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[]> {
    const shipped = shippedOf(spec);
    if (shipped !== undefined && nonces.length <= FEW)
      return this.#here(shipped.name, spec, nonces);
    const { algorithms, workers } = this.#modules;
    const algorithm = await algorithms.source(spec, signal);
    const task = { ...taskOf(searchSpec(spec)), algorithm, nonces };
    return workers.digests(task, { deadlineMs: DEADLINE_MS, signal });
  }

  async #here(
    name: ShippedName,
    spec: JobSpec,
    nonces: readonly bigint[],
  ): Promise<readonly Uint8Array[]> {
    const opening = this.#opened.get(name) ?? openShipped(name);
    this.#opened.set(name, opening);
    const search = (await opening).start(taskOf(searchSpec(spec)));
    return nonces.map((nonce) => search.stretch(nonce, 1).min.digest);
  }
}

/** Whether a nonce is one that the order searches for. */
export async function isFind(
  spec: JobSpec,
  nonce: bigint,
  digests: NonceDigests,
  signal: AbortSignal,
): Promise<boolean> {
  const { from, to, target } = searchSpec(spec);
  if (nonce < from || nonce >= to) return false;
  const [digest] = await digests.of(spec, [nonce], signal);
  return digest !== undefined && compareBytes(digest, target) <= 0;
}

/** Names one order to search, where those of equal messages and targets are one. */
export function algorithmName(spec: JobSpec): string {
  return toHex(searchSpec(spec).algorithm);
}
