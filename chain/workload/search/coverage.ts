/**
 * Sets of units as lists of ranges. The ranges are in order, none is empty and no two touch, so every set has exactly
 * one form.
 */
import type { UnitRange } from "../../types/search.ts";

export function isCanonical(ranges: readonly UnitRange[]): boolean {
  let end = -1n;
  for (const { from, to } of ranges) {
    if (from <= end || to <= from) return false;
    end = to;
  }
  return true;
}

export function countUnits(ranges: readonly UnitRange[]): bigint {
  return ranges.reduce((total, { from, to }) => total + to - from, 0n);
}

/** Whether `outer` contains every unit of `inner`; both canonical. */
export function isWithin(inner: readonly UnitRange[], outer: readonly UnitRange[]): boolean {
  let at = 0;
  for (const { from, to } of inner) {
    while ((outer[at]?.to ?? to) < to) at++;
    const around = outer[at];
    if (around === undefined || from < around.from || to > around.to) return false;
  }
  return true;
}

/** `ranges` without the units of `taken`; both canonical, and so is the result. */
export function withoutUnits(
  ranges: readonly UnitRange[],
  taken: readonly UnitRange[],
): UnitRange[] {
  const left: UnitRange[] = [];
  let at = 0;
  for (const { from, to } of ranges) {
    let next = from;
    while ((taken[at]?.to ?? to) <= next && at < taken.length) at++;
    for (let i = at; i < taken.length; i++) {
      const cut = taken[i];
      if (cut === undefined || cut.from >= to) break;
      if (cut.from > next) left.push({ from: next, to: cut.from });
      if (cut.to > next) next = cut.to;
    }
    if (next < to) left.push({ from: next, to });
  }
  return left;
}
