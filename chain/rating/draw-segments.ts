/**
 * Draws the segments of a claim that its verifiers replay. If there are enough segments, none goes to two verifiers,
 * because the first match is public on the chain. If possible, no verifier gets two consecutive segments of a lane: the
 * second one starts in the state in which the first ends, and a match must name exactly this state.
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
 * Takes the first good position at or after a drawn one. There are at most 256 drawn positions, and two neighbours for
 * each of a verifier's 16, so a good position is always near and every search is short.
 * @param each segments for every verifier, at most as many as there are
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

/** @param rules conditions for a position, from the best case to the bare necessity */
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

/** Positions of the lanes' first segments among all segments. */
function laneStarts(lanes: readonly LaneClaim[]): ReadonlySet<number> {
  const starts = new Set<number>();
  let at = 0;
  for (const { segments } of lanes) {
    starts.add(at);
    at += segments;
  }
  return starts;
}

/** The lane, and the segment in it, for a position among all segments. */
function placeOf(lanes: readonly LaneClaim[], at: number): Place {
  let segment = at;
  for (const [lane, { segments }] of lanes.entries()) {
    if (segment < segments) return { lane, segment };
    segment -= segments;
  }
  throw new RangeError(`segment ${at} is beyond the claim`);
}
