/** Which entries of another member's log a member takes in place of its own. */
import type { LeaseEntry } from "../../../../chain/types/lease.ts";
import { followsEntry } from "../../../../chain/workload/search/lease-log.ts";
import type { Forks } from "./forks.ts";
import type { MemberLog } from "./member-log.ts";
import type { LogEntry } from "./member-messages.ts";
import { isRightTakeover, type TeamShape } from "./takeover.ts";

export interface AdoptFacts {
  readonly log: MemberLog;
  readonly forks: Forks;
  readonly shape: TeamShape;
  /** View of the log that the entries are of. */
  readonly until: number;
}

/**
 * Takes entries of a log that is further than ours in place of what differs.
 * @returns the sequence after which the log has changed; undefined where it has not
 */
export function adopt(
  entries: readonly LogEntry[],
  { log, forks, shape, until }: AdoptFacts,
): number | undefined {
  const { limit } = forks;
  let after: number | undefined;
  for (const logged of entries) {
    const { signed } = logged;
    if (log.has(signed)) continue;
    const { sequence, view } = signed.entry;
    // Void, unless a later manager went on behind it before it knew.
    if (limit?.view === view && limit.view >= until && limit.sequence <= sequence) break;
    const known = log.at(sequence);
    if (!log.fits(logged)) break;
    if (known !== undefined) {
      // Safe entries stay; of others, those of the later view, or that a still later manager goes on behind.
      if (sequence <= log.safe) break;
      const ours = known.signed.entry.view;
      if (view <= ours && !isElected(entries, sequence, ours, shape)) break;
      log.truncate(sequence - 1);
      after = Math.min(after ?? sequence - 1, sequence - 1);
    }
    after ??= log.length;
    if (!log.add(logged)) break;
  }
  return after;
}

/** Whether entries lead without a gap, from a sequence on, to a right takeover of a view after `view`. */
function isElected(
  entries: readonly LogEntry[],
  from: number,
  view: number,
  shape: TeamShape,
): boolean {
  let before: LeaseEntry | undefined;
  for (const { signed, proof } of entries) {
    const { entry } = signed;
    if (entry.sequence < from) continue;
    if (before !== undefined && !followsEntry(before, entry)) return false;
    before = entry;
    if (entry.view <= view) continue;
    return proof !== undefined && isRightTakeover(entry, proof, shape);
  }
  return false;
}
