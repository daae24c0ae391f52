/**
 * Which segments of a claim its verifiers replay. Where there are enough, none goes to two of them: a
 * match stands on the chain for all to read. And where it can be avoided none gets two in a row of
 * a lane: the second starts in the state that the first ends in, which is what a match must name.
 */
import { smallNumbers } from "../draw/small-numbers.ts";
import type { LaneClaim } from "../types/window.ts";

const SEGMENT_TAG = "poml/verified-segment/v1";

export interface Place {
  readonly lane: number;
  readonly segment: number;
}

export function segmentsOf(lanes: readonly LaneClaim[]): number {
  return lanes.reduce((sum, { segments }) => sum + segments, 0);
}

/**
 * Takes the first good position at or after a drawn one. Of at most 256 drawn positions and the two
 * beside each of a verifier's 16 none is far from a good one, so that every search is short.
 * @param each segments for every verifier, at most all there are
 * @returns the places by verifier
 */
export function drawSegments(
  seed: Uint8Array,
  lanes: readonly LaneClaim[],
  { verifiers, each }: { readonly verifiers: number; readonly each: number },
): Place[][] {
  const total = segmentsOf(lanes);
  const starts = laneStarts(lanes);
  const taken = new Set<number>();
  const numberAt = smallNumbers(seed, SEGMENT_TAG);
  return Array.from({ length: verifiers }, (_, i) => {
    const own = new Set<number>();
    const isFree = (at: number): boolean => !taken.has(at);
    const isApart = (at: number): boolean =>
      !(own.has(at - 1) && !starts.has(at)) && !(own.has(at + 1) && !starts.has(at + 1));
    const isNew = (at: number): boolean => !own.has(at);
    return Array.from({ length: each }, (_, j) => {
      const from = numberAt(i * each + j) % total;
      const at = firstFrom(from, total, [(p) => isFree(p) && isApart(p), isFree, isNew]);
      taken.add(at);
      own.add(at);
      return placeOf(lanes, at);
    });
  });
}

/** @param rules what a position should be, from what is best to what must be */
function firstFrom(
  from: number,
  total: number,
  rules: readonly ((at: number) => boolean)[],
): number {
  for (const isGood of rules) {
    for (let step = 0; step < total; step++) {
      const at = (from + step) % total;
      if (isGood(at)) return at;
    }
  }
  throw new RangeError("more segments for one verifier than there are");
}

/** Positions of the lanes' first segments among all. */
function laneStarts(lanes: readonly LaneClaim[]): ReadonlySet<number> {
  const starts = new Set<number>();
  let at = 0;
  for (const { segments } of lanes) {
    starts.add(at);
    at += segments;
  }
  return starts;
}

/** The lane and the segment in it of a position in all segments. */
function placeOf(lanes: readonly LaneClaim[], at: number): Place {
  let segment = at;
  for (const [lane, { segments }] of lanes.entries()) {
    if (segment < segments) return { lane, segment };
    segment -= segments;
  }
  throw new RangeError(`segment ${at} is beyond the claim`);
}
