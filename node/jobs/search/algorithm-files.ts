/** The module that an order names: one that comes with the program, or a blob fetched by its hash. */
import { toHex } from "../../../chain/crypto/hash.ts";
import type { JobSpec } from "../../../chain/types/job.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import { MAX_MODULE_BYTES } from "../../../ml/search/abi.ts";
import {
  findShipped,
  type ShippedAlgorithm,
  shippedModule,
} from "../../../ml/search/shipped-algorithms.ts";
import type { BlobFetcher } from "../../blobs/blob-fetcher.ts";
import { type BlobSource, inMemory } from "../../workers/blob-source.ts";

export interface AlgorithmFilesModules {
  readonly fetcher: Pick<BlobFetcher, "fetchFile">;
}

export class AlgorithmFiles {
  readonly #modules: AlgorithmFilesModules;

  constructor(modules: AlgorithmFilesModules) {
    this.#modules = modules;
  }

  /** @throws BlobError when nobody has it; StorageError; the signal's reason */
  async source(spec: JobSpec, signal: AbortSignal): Promise<BlobSource> {
    const shipped = shippedOf(spec);
    if (shipped !== undefined) return inMemory(await shippedModule(shipped.name));
    const options = { maxBytes: MAX_MODULE_BYTES, signal };
    const { algorithm } = searchSpec(spec);
    const { source } = await this.#modules.fetcher.fetchFile(algorithm, options);
    return source;
  }
}

/** Undefined for a module that does not come with the program. */
export function shippedOf(spec: JobSpec): ShippedAlgorithm | undefined {
  return findShipped(toHex(searchSpec(spec).algorithm));
}
