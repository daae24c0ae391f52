/**
 * The age of a fault. A fault can be punished until both a number of heights and a time have passed, because either
 * clock alone may be slow. The state keeps a few pairs of height and time for this.
 */
import type { State } from "../state/state.ts";
import type { TimeMark } from "../types/state.ts";

/** The approximate number of marks within the punishable past; the state keeps one more on either side. */
const MARKS = 64;

/** Runs at the end of an epoch: adds a mark if the last one is old enough, and drops expired ones. */
export function markTime(state: State): void {
  const { height, time, parameters } = state.meta;
  const last = state.timeMarks.at(-1);
  const isDue =
    last === undefined ||
    (height - last.height >= parameters.evidenceBlocks / MARKS &&
      Number(time - last.time) >= (parameters.evidenceSeconds * 1000) / MARKS);
  if (!isDue) return;
  const marks = [...state.timeMarks, { height, time }];
  // The youngest expired mark stays; it represents everything before it.
  while (marks[1] !== undefined && isPast(state, marks[1])) marks.shift();
  state.timeMarks = marks;
}

/** True when an event at `height` is too long ago to be punished. */
export function isExpired(state: State, height: number): boolean {
  const mark = state.timeMarks.find((one) => one.height >= height);
  return mark !== undefined && isPast(state, { height, time: mark.time });
}

function isPast(state: State, { height, time }: TimeMark): boolean {
  const { evidenceBlocks, evidenceSeconds } = state.parameters;
  const ageMs = state.meta.time - time;
  return state.height - height > evidenceBlocks && ageMs > BigInt(evidenceSeconds) * 1000n;
}
