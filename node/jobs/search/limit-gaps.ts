import { MAX_GAPS, type UnitRange } from "../../../chain/types/search.ts";

/**
 * As many gaps as a record holds: where there are more, the shortest searched stretches between two of them count as
 * open again, of equal ones the first. They are paid, and searched once more.
 * @param open in order
 * @param before the round, in order; no two of its gaps grow together
 */
export function limitGaps(open: readonly UnitRange[], before: readonly UnitRange[]): UnitRange[] {
  const stretches: { readonly after: number; readonly units: bigint }[] = [];
  let around = 0;
  open.forEach((gap, at) => {
    while ((before[around]?.to ?? gap.to) < gap.to) around++;
    const next = open[at + 1];
    if (next === undefined || next.to > (before[around]?.to ?? 0n)) return;
    stretches.push({ after: at, units: next.from - gap.to });
  });
  stretches.sort((a, b) => (a.units < b.units ? -1 : a.units > b.units ? 1 : a.after - b.after));
  const excess = Math.max(0, open.length - MAX_GAPS);
  const openAgain = new Set(stretches.slice(0, excess).map(({ after }) => after));
  const gaps: UnitRange[] = [];
  open.forEach(({ from, to }, at) => {
    const last = gaps.at(-1);
    if (last !== undefined && openAgain.has(at - 1)) last.to = to;
    else gaps.push({ from, to });
  });
  return gaps;
}
