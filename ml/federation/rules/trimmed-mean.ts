/** The coordinate-wise mean without the extremes. */

import type { Update } from "../update.ts";
import { eachCoordinate } from "./coordinates.ts";

/** @param share of the updates, dropped on each side */
export function trimmedMean(updates: readonly Update[], share: number): Float64Array {
  const trim = Math.floor(updates.length * share);
  const kept = updates.length - 2 * trim;
  return eachCoordinate(updates, (sorted) => {
    let sum = 0;
    for (let i = trim; i < trim + kept; i++) sum += sorted[i] ?? 0;
    return sum / kept;
  });
}
