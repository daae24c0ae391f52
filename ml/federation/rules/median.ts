/**
 * The coordinate-wise median: fewer than half of the participants cannot move a value beyond those that the others
 * sent. Sample counts are ignored, because participants report them themselves.
 */

import type { Update } from "../update.ts";
import { eachCoordinate } from "./coordinates.ts";

export function median(updates: readonly Update[]): Float64Array {
  const high = updates.length >> 1;
  const low = (updates.length - 1) >> 1;
  return eachCoordinate(updates, (sorted) => ((sorted[low] ?? 0) + (sorted[high] ?? 0)) / 2);
}
