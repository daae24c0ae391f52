/** Goes through the parameters one by one, with the values that all updates give for each; for robust rules. */
import type { Update } from "../update.ts";

/** @param combine gets one parameter's values in ascending order; the array is reused */
export function eachCoordinate(
  updates: readonly Update[],
  combine: (sorted: Float64Array) => number,
): Float64Array {
  const values = new Float64Array(updates.length);
  const combined = new Float64Array(updates[0]?.delta.length ?? 0);
  for (let i = 0; i < combined.length; i++) {
    for (let k = 0; k < values.length; k++) values[k] = updates[k]?.delta[i] ?? 0;
    combined[i] = combine(values.sort());
  }
  return combined;
}
