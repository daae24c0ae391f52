/** How a claim is divided into parts for its audit: runs of its units, in the order of the claim. */

/** The largest number of parts of a claim. */
export const SEGMENTS = 64;

/** @param units of the claim; 0 units give no part */
export function segmentCount(units: number): number {
  return Math.min(SEGMENTS, units);
}

/**
 * Positions among the units of the claim, excluding the end.
 * @throws RangeError when there is no such segment
 */
export function segmentAt(units: number, segment: number): { from: number; to: number } {
  const count = segmentCount(units);
  if (!Number.isInteger(segment) || segment < 0 || segment >= count) {
    throw new RangeError(`segment ${segment} of ${count}`);
  }
  const boundary = (index: number): number => Math.floor((index * units) / count);
  return { from: boundary(segment), to: boundary(segment + 1) };
}
