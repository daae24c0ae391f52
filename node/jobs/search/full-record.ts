import type { Job } from "../../../chain/types/job.ts";
import { MAX_FINDS, MAX_ROUND_FINDS } from "../../../chain/types/search.ts";
import { searchProgress, searchSpec } from "../../../chain/workload/search/search-of.ts";
import { unitOf } from "../../../chain/workload/search/units.ts";
import type { LeaseTable } from "./leases/lease-table.ts";

/**
 * Whether the record of a round will have no room for more finds: what is searched beyond would be paid in it, and be
 * open again after it. Finds count in units that a node searches or has searched: others may have been known to their
 * sender before the search. One of them at least is of a unit that is searched, so that each record has some.
 * @param job as the chain has it, which may not have reached the round of the log
 * @throws RangeError for another kind of work
 */
export function isRecordFull(
  job: Pick<Job, "spec" | "progress">,
  table: Pick<LeaseTable, "finds" | "isSearched" | "isLeased">,
): boolean {
  const { finds: known } = searchProgress(job);
  const room = Math.min(MAX_ROUND_FINDS, MAX_FINDS - known.length);
  if (table.finds.length < room) return false;
  const search = searchSpec(job.spec);
  let [searched, leased] = [0, 0];
  for (const { nonce } of table.finds) {
    const unit = unitOf(search, nonce);
    if (unit === undefined || known.some((find) => find.nonce === nonce)) continue;
    if (table.isSearched(Number(unit))) searched++;
    else if (table.isLeased(Number(unit))) leased++;
  }
  return searched > 0 && searched + leased >= room;
}
