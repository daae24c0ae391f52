/**
 * Searches units in calls of a few milliseconds, without ever going through the event loop: on a busy machine that way
 * finds its code gone from the caches each time. What the caller wants to hear or say is done between two calls.
 */
import type { Search } from "./algorithm.ts";
import { type SearchStep, searchUnits, type UnitsWork } from "./search-units.ts";
import { StretchSize } from "./stretch-size.ts";

export interface RunParts {
  readonly clock: { now(): number };
  /** Asked before every call. */
  readonly isOver: () => boolean;
  /** Finds that the next step reads at most; default: all. */
  readonly maxFinds?: () => number;
  /** Told of every call and of the time it ended. */
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
