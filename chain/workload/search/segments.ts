/** Into which parts a claim is cut for its audit: runs of its units, in the order of the claim. */

/** Parts of a claim at most. */
export const SEGMENTS = 64;

/** @param units that the claim stands for; 0 gives no part */
export function segmentCount(units: number): number {
  return Math.min(SEGMENTS, units);
}

/**
 * Positions among the units of the claim, the last one left out.
 * @throws RangeError where there is no such segment
 */
export function segmentAt(units: number, segment: number): { from: number; to: number } {
  const count = segmentCount(units);
  if (!Number.isInteger(segment) || segment < 0 || segment >= count) {
    throw new RangeError(`segment ${segment} of ${count}`);
  }
  const boundary = (index: number): number => Math.floor((index * units) / count);
  return { from: boundary(segment), to: boundary(segment + 1) };
}
