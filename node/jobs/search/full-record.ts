import type { Job } from "../../../chain/types/job.ts";
import { MAX_FINDS, MAX_ROUND_FINDS } from "../../../chain/types/search.ts";
import { searchProgress, searchSpec } from "../../../chain/workload/search/search-of.ts";
import { unitOf } from "../../../chain/workload/search/units.ts";
import type { LeaseTable } from "./leases/lease-table.ts";

/**
 * Whether the record of a round will have no room for more finds: what is searched beyond would be paid in it, and be
 * open again after it. One of the finds at least is of a unit that is searched, so that each record has some.
 * @param job as the chain has it, which may not have reached the round of the log
 * @throws RangeError for another kind of work
 */
export function isRecordFull(
  job: Pick<Job, "spec" | "progress">,
  table: Pick<LeaseTable, "finds" | "isSearched">,
): boolean {
  const { finds: known } = searchProgress(job);
  const room = Math.min(MAX_ROUND_FINDS, MAX_FINDS - known.length);
  if (table.finds.length < room) return false;
  const search = searchSpec(job.spec);
  const fresh = table.finds.filter(({ nonce }) => !known.some((find) => find.nonce === nonce));
  return (
    fresh.length >= room &&
    fresh.some(({ nonce }) => {
      const unit = unitOf(search, nonce);
      return unit !== undefined && table.isSearched(Number(unit));
    })
  );
}
