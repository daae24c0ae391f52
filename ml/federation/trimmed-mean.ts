/** The coordinate-wise mean without the extremes: a fifth of the updates is dropped on each side. */
import { eachCoordinate } from "./coordinates.ts";
import type { Update } from "./update-codec.ts";

const TRIM_SHARE = 0.2;

export function trimmedMean(updates: readonly Update[]): Float64Array {
  const trim = Math.floor(updates.length * TRIM_SHARE);
  const kept = updates.length - 2 * trim;
  return eachCoordinate(updates, (sorted) => {
    let sum = 0;
    for (let i = trim; i < trim + kept; i++) sum += sorted[i] ?? 0;
    return sum / kept;
  });
}
