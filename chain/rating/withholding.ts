/**
 * The penalty for withholding claimed work. To others, a node without a connection looks the same, and they prove
 * nothing by a replay: there is only their word. So withholding costs about as much as making no claim: the withheld
 * work earns and proves nothing, and reliability falls by an eighth of a failed unit. With less than a twentieth, a
 * node could gain rating by withholding work that is false (docs/rating.md). From the third time on, each within a
 * half-life of the one before, the node's work is checked more closely, which costs an honest node nothing.
 */
import type { State } from "../state/state.ts";
import type { Parameters } from "../types/genesis.ts";
import type { NodeRecord } from "../types/node.ts";
import { PROBATION_WINDOWS } from "./false-work.ts";
import { failedMore, UNIT } from "./formula.ts";

export const WITHHOLDING_LIMIT = 3;
/** All reports within this part of a half-life count as one outage. */
const OUTAGE_PART = 64n;
/** The charge for an outage, in thousandths of a failed unit. */
const WITHHELD = UNIT / 8;

/**
 * @param now block time, Unix milliseconds
 * @returns the node after one more withholding reported by a committee; the fault is "withheld" from the third on
 */
export function afterWithholding(
  node: NodeRecord,
  now: bigint,
  parameters: Parameters,
): { readonly node: NodeRecord; readonly fault: "not-served" | "withheld" } {
  const halfLifeMs = halfLifeOf(parameters);
  const sinceMs = now - node.notServedAt;
  const isKnown = node.notServedAt !== 0n;
  if (isKnown && sinceMs <= halfLifeMs / OUTAGE_PART) return { node, fault: "not-served" };
  const count = (isKnown && sinceMs <= halfLifeMs ? node.withheld : 0) + 1;
  const marked = failedMore({ ...node, notServedAt: now, withheld: count }, WITHHELD);
  if (count < WITHHOLDING_LIMIT) return { node: marked, fault: "not-served" };
  const probation = Math.max(node.probation, PROBATION_WINDOWS);
  return { node: { ...marked, withheld: 0, probation }, fault: "withheld" };
}

/** The number of withholdings that still count. */
export function withheldNow(
  { withheld, notServedAt }: Pick<NodeRecord, "withheld" | "notServedAt">,
  { meta, parameters }: Pick<State, "meta" | "parameters">,
): number {
  return meta.time - notServedAt <= halfLifeOf(parameters) ? withheld : 0;
}

function halfLifeOf({ ratingHalfLife }: Parameters): bigint {
  return BigInt(ratingHalfLife) * 1000n;
}
