/** Which entries of another member's log a member takes in place of its own. */
import { followsEntry } from "../../../../chain/workload/search/lease-log.ts";
import type { Forks } from "./forks.ts";
import type { MemberLog } from "./member-log.ts";
import type { LogEntry } from "./member-messages.ts";
import { isFurther, isRightTakeover, type TeamShape } from "./takeover.ts";

export interface AdoptFacts {
  readonly log: MemberLog;
  readonly forks: Forks;
  readonly shape: TeamShape;
}

export interface Adopted {
  /** The sequence after which the log has changed; undefined where it has not. */
  readonly after: number | undefined;
  /** Entries that would be taken if they led to a right takeover, which those that follow may show. */
  readonly pending: readonly LogEntry[];
}

/**
 * Takes entries of a log that is further than ours. In place of ours it takes them only where they lead to a right
 * takeover of a view after all of ours, and safe ones stay in any case. Void ones it takes only where a later manager
 * went on behind them before it knew.
 */
export function adopt(entries: readonly LogEntry[], { log, forks, shape }: AdoptFacts): Adopted {
  const { limit } = forks;
  let isKept = false;
  let after: number | undefined;
  for (const [i, logged] of entries.entries()) {
    const { signed } = logged;
    if (log.has(signed)) continue;
    const { sequence } = signed.entry;
    if (!log.fits(logged)) break;
    if (limit !== undefined && !isKept && forks.isVoid(signed.entry)) {
      const way = wayTo(limit.view, entries.slice(i), shape);
      if (way === "on") return { after, pending: entries.slice(i) };
      if (way === "nowhere") break;
      isKept = true;
    }
    if (log.at(sequence) !== undefined) {
      if (sequence <= log.safe) break;
      const rest = entries.slice(i);
      const way = wayTo(log.view, rest, shape);
      if (way === "on") return { after, pending: rest };
      if (way === "takeover") after = replace(rest, log) ?? after;
      break;
    }
    after ??= log.length;
    if (!log.add(logged)) break;
  }
  return { after, pending: [] };
}

/**
 * Where entries lead that follow each other: to a right takeover of a view after `view`, on to such a one perhaps, or
 * nowhere.
 */
function wayTo(
  view: number,
  entries: readonly LogEntry[],
  shape: TeamShape,
): "takeover" | "on" | "nowhere" {
  for (const [i, { signed, proof }] of entries.entries()) {
    const { entry } = signed;
    const before = entries[i - 1]?.signed.entry;
    if (before !== undefined && !followsEntry(before, entry)) return "nowhere";
    if (entry.view <= view) continue;
    const isRight = proof !== undefined && isRightTakeover(entry, proof, shape);
    return isRight ? "takeover" : "nowhere";
  }
  return "on";
}

/** @returns undefined where some of the entries are wrong, and the log is what it was */
function replace([first, ...rest]: readonly LogEntry[], log: MemberLog): number | undefined {
  if (first === undefined) return undefined;
  const after = first.signed.entry.sequence - 1;
  const { head } = log;
  const ours = log.entries.slice(after);
  log.truncate(after);
  for (const logged of [first, ...rest]) if (!log.add(logged)) break;
  if (isFurther(log.head, head)) return after;
  log.truncate(after);
  for (const logged of ours) log.add(logged);
  return undefined;
}
