/**
 * Searches units in calls of a millisecond, without returning to the event loop in between: on a busy machine each
 * return would find its code gone from the caches. The caller communicates between two calls.
 */
import type { Search } from "./algorithm.ts";
import { type SearchStep, searchUnits, type UnitsWork } from "./search-units.ts";
import { StretchSize } from "./stretch-size.ts";

/** A call that took so long, in milliseconds, waited for turns of others on its core. */
const CROWDED_MS = 16;
/** The core is crowded as long as giving up a turn costs so many milliseconds. */
const STILL_CROWDED_MS = 8;

export interface RunParts {
  readonly clock: { now(): number };
  /** Asked before every call. */
  readonly isOver: () => boolean;
  /** The largest number of finds that the next step reads; default: all. */
  readonly maxFinds?: () => number;
  /** Called after every step, with the time at which it ended. */
  readonly onStep: (step: SearchStep, now: number) => void;
  /**
   * Lets other threads have the core, called after every step while many share it: each then gets its turn after a
   * millisecond of every other, instead of a time slice of the system, and hears sooner that the search is over.
   */
  readonly giveWay?: () => void;
}

/** @throws AlgorithmError as `Search.stretch`; what `onStep` throws */
export function runUnits(
  search: Search,
  work: UnitsWork,
  { clock, isOver, onStep, giveWay, ...limits }: RunParts,
): void {
  const size = new StretchSize();
  const steps = searchUnits(search, work, { stretch: () => size.next, ...limits });
  let isCrowded = false;
  let start = clock.now();
  while (!isOver()) {
    const { done, value } = steps.next();
    if (done === true) return;
    const now = clock.now();
    size.took(value.hashes, now - start);
    isCrowded ||= now - start >= CROWDED_MS;
    start = now;
    onStep(value, now);
    if (!isCrowded || giveWay === undefined) continue;
    giveWay();
    start = clock.now();
    isCrowded = start - now >= STILL_CROWDED_MS;
  }
}
