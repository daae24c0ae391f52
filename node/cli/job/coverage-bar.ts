/** Draws which parts of a range are searched, as a line of block characters. */

interface Range {
  readonly from: string;
  readonly to: string;
}

const CELLS = 40;
const SHADES = ["░", "▒", "▓"] as const;

/** @param of the search: its range, and the parts of it that are open, in order */
export function coverageBar({
  spec,
  open,
}: {
  readonly spec: Range;
  readonly open: readonly Range[];
}): string {
  const from = BigInt(spec.from);
  const size = BigInt(spec.to) - from;
  return Array.from({ length: CELLS }, (_, cell) => {
    const begin = from + (size * BigInt(cell)) / BigInt(CELLS);
    const end = from + (size * BigInt(cell + 1)) / BigInt(CELLS);
    if (end === begin) return SHADES[0];
    const left = open.reduce((sum, range) => sum + overlap(range, begin, end), 0n);
    if (left === 0n) return "█";
    return left === end - begin ? SHADES[0] : 2n * left > end - begin ? SHADES[1] : SHADES[2];
  }).join("");
}

function overlap(range: Range, begin: bigint, end: bigint): bigint {
  const from = BigInt(range.from) > begin ? BigInt(range.from) : begin;
  const to = BigInt(range.to) < end ? BigInt(range.to) : end;
  return to > from ? to - from : 0n;
}
