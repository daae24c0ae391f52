/** The search part of a job, for code that only handles searches. */
import type { Job, JobRecord, JobSpec } from "../../types/job.ts";
import type { SearchProgress, SearchResult, SearchSpec } from "../../types/search.ts";

/** @throws RangeError for another kind of work */
export function searchSpec({ work }: Pick<JobSpec, "work">): SearchSpec {
  return work.selector === 1 ? work.value : noSearch(work);
}

/** @throws RangeError for another kind of work */
export function searchProgress({ progress }: Pick<Job, "progress">): SearchProgress {
  return progress.selector === 1 ? progress.value : noSearch(progress);
}

/** @throws RangeError for another kind of work */
export function searchResult({ gain }: Pick<JobRecord, "gain">): SearchResult {
  return gain.selector === 1 ? gain.value : noSearch(gain);
}

function noSearch({ selector }: { readonly selector: number }): never {
  throw new RangeError(`kind of work ${selector} is no search`);
}
