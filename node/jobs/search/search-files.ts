/** What searches read and hash outside of leases: built once for a node. */
import type { SearchWorkers } from "../../workers/kinds/search/workers.ts";
import { AlgorithmFiles, type AlgorithmFilesModules } from "./algorithm-files.ts";
import { type ClaimReader, WorkerClaimReader } from "./claim-reader.ts";
import { CheckedDigests, type NonceDigests } from "./find-check.ts";

export interface SearchFiles {
  readonly algorithms: AlgorithmFiles;
  readonly digests: NonceDigests;
  readonly claims: ClaimReader;
}

export function searchFiles({
  workers,
  ...modules
}: AlgorithmFilesModules & {
  readonly workers: Pick<SearchWorkers, "digests" | "claims">;
}): SearchFiles {
  const algorithms = new AlgorithmFiles(modules);
  const digests = new CheckedDigests({ algorithms, workers });
  return { algorithms, digests, claims: new WorkerClaimReader({ algorithms, workers, digests }) };
}
