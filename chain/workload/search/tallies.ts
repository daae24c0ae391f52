/**
 * The number of units that each node has claimed in a job, and the sum of their shares. The job keeps both numbers for
 * each node, so an alarm does not depend on what a member of the team remembers.
 */
import type { Contribution } from "../../types/job.ts";
import { MAX_ALARMS, type SearchTally } from "../../types/search.ts";
import { isUnlikely } from "./statistics.ts";

export interface Tallied {
  /** In order of the nodes. After an alarm the numbers of a node start from zero. */
  readonly tallies: SearchTally[];
  /** Nodes whose claims of this round are replayed completely, in order. */
  readonly alarms: number[];
}

const MOST: bigint = (1n << 64n) - 1n;

/**
 * @param shares for each contribution, the sum over its units
 */
export function tallied(
  before: readonly SearchTally[],
  contributions: readonly Pick<Contribution, "node" | "units">[],
  shares: readonly bigint[],
): Tallied {
  const tallies = new Map(before.map((tally) => [tally.node, tally]));
  const alarms: number[] = [];
  contributions.forEach(({ node, units }, i) => {
    if (units === 0) return;
    const known = tallies.get(node);
    const sum = (known?.share ?? 0n) + (shares[i] ?? 0n);
    const next = {
      node,
      units: (known?.units ?? 0n) + BigInt(units),
      share: sum < MOST ? sum : MOST,
    };
    const isAlarm = isUnlikely(next.units, next.share) && alarms.length < MAX_ALARMS;
    if (isAlarm) {
      alarms.push(node);
      tallies.delete(node);
    } else tallies.set(node, next);
  });
  return { tallies: [...tallies.values()].sort((a, b) => a.node - b.node), alarms };
}
