/**
 * What it costs to withhold what was claimed. Never money: a node that is cut off looks the same to those who
 * ask, and others could force that. The withheld work earns nothing, reliability falls, and who is proven to
 * withhold for the third time, each within a half-life of the one before, loses what its rating was built on.
 */
import type { State } from "../state/state.ts";
import type { Parameters } from "../types/genesis.ts";
import type { NodeRecord } from "../types/node.ts";
import { caught } from "./false-work.ts";
import { failedMore, UNIT } from "./formula.ts";

export const WITHHOLDING_LIMIT = 3;
/** What is proven within this part of a half-life is one outage. */
const OUTAGE_PART = 64n;
/** What one outage costs beyond its first unit, for each thing it withheld more. */
const SAME_OUTAGE = UNIT / 4;

/**
 * @param now block time, Unix milliseconds
 * @returns the node after one more proven withholding; "withheld" when that was one too many
 */
export function afterWithholding(
  node: NodeRecord,
  now: bigint,
  parameters: Parameters,
): { readonly node: NodeRecord; readonly fault: "not-served" | "withheld" } {
  const halfLifeMs = halfLifeOf(parameters);
  const sinceMs = now - node.notServedAt;
  const isKnown = node.notServedAt !== 0n;
  if (isKnown && sinceMs <= halfLifeMs / OUTAGE_PART) {
    return { node: failedMore(node, SAME_OUTAGE), fault: "not-served" };
  }
  const count = (isKnown && sinceMs <= halfLifeMs ? node.withheld : 0) + 1;
  const marked = { ...node, notServedAt: now, withheld: count };
  if (count < WITHHOLDING_LIMIT) return { node: failedMore(marked, UNIT), fault: "not-served" };
  return { node: caught({ ...marked, withheld: 0 }), fault: "withheld" };
}

/** Proven withholdings that still count. */
export function withheldNow(
  { withheld, notServedAt }: Pick<NodeRecord, "withheld" | "notServedAt">,
  { meta, parameters }: Pick<State, "meta" | "parameters">,
): number {
  return meta.time - notServedAt <= halfLifeOf(parameters) ? withheld : 0;
}

function halfLifeOf({ ratingHalfLife }: Parameters): bigint {
  return BigInt(ratingHalfLife) * 1000n;
}
