/** What searches read and hash outside of leases: built once for a node. */
import type { SearchWorkers } from "../../workers/kinds/search/workers.ts";
import { AlgorithmFiles, type AlgorithmFilesModules } from "./algorithm-files.ts";
import { CheckedDigests, type NonceDigests } from "./find-check.ts";

export interface SearchFiles {
  readonly algorithms: AlgorithmFiles;
  readonly digests: NonceDigests;
}

export function searchFiles({
  workers,
  ...modules
}: AlgorithmFilesModules & { readonly workers: Pick<SearchWorkers, "digests"> }): SearchFiles {
  const algorithms = new AlgorithmFiles(modules);
  return { algorithms, digests: new CheckedDigests({ algorithms, workers }) };
}
