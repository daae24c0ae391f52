/**
 * Searches units in calls of a millisecond, without returning to the event loop in between: on a busy machine each
 * return would find its code gone from the caches. The caller communicates between two calls.
 */
import type { Search } from "./algorithm.ts";
import { type SearchStep, searchUnits, type UnitsWork } from "./search-units.ts";
import { StretchSize } from "./stretch-size.ts";

export interface RunParts {
  readonly clock: { now(): number };
  /** Asked before every call. */
  readonly isOver: () => boolean;
  /** The largest number of finds that the next step reads; default: all. */
  readonly maxFinds?: () => number;
  /** Called after every step, with the time at which it ended. */
  readonly onStep: (step: SearchStep, now: number) => void;
}

/** @throws AlgorithmError as `Search.stretch`; what `onStep` throws */
export function runUnits(
  search: Search,
  work: UnitsWork,
  { clock, isOver, onStep, ...limits }: RunParts,
): void {
  const size = new StretchSize();
  const steps = searchUnits(search, work, { stretch: () => size.next, ...limits });
  let start = clock.now();
  while (!isOver()) {
    const { done, value } = steps.next();
    if (done === true) return;
    const now = clock.now();
    size.took(value.hashes, now - start);
    start = now;
    onStep(value, now);
  }
}
