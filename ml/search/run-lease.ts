/**
 * One lease from the slice it stands at to its end, in calls of a few milliseconds. Every now and then between two of
 * them the caller's `breathe` may look for news, wait as its owner's limits demand, or stop it all.
 */
import type { SearchRange } from "../../chain/workload/search/range.ts";
import type { Search } from "./algorithm.ts";
import { type SearchStep, type SliceResult, searchRange } from "./search-range.ts";
import { StretchSize } from "./stretch-size.ts";

export interface LeaseWork {
  readonly range: SearchRange;
  /** The slice to go on with; default the first. */
  readonly slice?: number;
}

export interface LeaseParts {
  readonly clock: { now(): number };
  readonly signal: AbortSignal;
  readonly onStep: (step: SearchStep) => void;
  /** Called after some milliseconds of hashing. */
  readonly breathe: () => Promise<void>;
}

/**
 * Between two breaths; a call that has begun ends first. Shorter ones cost more: on a busy machine the way through the
 * event loop finds its code gone from the caches each time.
 */
const BREATH_MS = 20;

/**
 * @returns the slices from `slice` on
 * @throws AlgorithmError as `Search.stretch`; the signal's reason
 */
export async function runLease(
  search: Search,
  { range, slice = 0 }: LeaseWork,
  { clock, signal, onStep, breathe }: LeaseParts,
): Promise<SliceResult[]> {
  const size = new StretchSize();
  const steps = searchRange(search, range, { slice, stretch: () => size.next });
  const slices: SliceResult[] = [];
  let now = clock.now();
  let breathedAt = now;
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = steps.next();
    if (done === true) return slices;
    const start = now;
    now = clock.now();
    size.took(value.hashes, now - start);
    if (value.ended !== undefined) slices.push(value.ended);
    onStep(value);
    if (now - breathedAt < BREATH_MS) continue;
    await breathe();
    now = clock.now();
    breathedAt = now;
  }
}
