/** Runs of units, and sets of them. Units are numbered from 0; a range has fewer than 2^53, so they are plain numbers. */

export interface Span {
  readonly from: number;
  /** One past the last. */
  readonly to: number;
}

/** Sorted, disjoint, none empty, none touching the next. */
export type Spans = readonly Span[];

export function spanSize({ from, to }: Span): number {
  return to - from;
}

export function sizeOf(spans: Spans): number {
  return spans.reduce((sum, span) => sum + spanSize(span), 0);
}

/** Any spans, in any order, as a set. */
export function spansOf(spans: readonly Span[]): Spans {
  const set: Span[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    if (to <= from) continue;
    const last = set.at(-1);
    if (last !== undefined && from <= last.to) {
      set[set.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    } else set.push({ from, to });
  }
  return set;
}

/** Units as the chain counts them. A search has fewer than 2^53 of them. */
export function unitSpans(
  ranges: readonly { readonly from: bigint; readonly to: bigint }[],
): Spans {
  return spansOf(ranges.map(({ from, to }) => ({ from: Number(from), to: Number(to) })));
}

/** What both have. */
export function overlap(a: Spans, b: Spans): Spans {
  const both: Span[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = [a[i], b[j]];
    if (x === undefined || y === undefined) break;
    const from = Math.max(x.from, y.from);
    const to = Math.min(x.to, y.to);
    if (from < to) both.push({ from, to });
    if (x.to < y.to) i++;
    else j++;
  }
  return both;
}

/** What `a` has and `b` has not. */
export function without(a: Spans, b: Spans): Spans {
  const rest: Span[] = [];
  let j = 0;
  for (const { from, to } of a) {
    let at = from;
    while (j > 0 && (b[j - 1]?.to ?? 0) > from) j--;
    for (; j < b.length; j++) {
      const hole = b[j];
      if (hole === undefined || hole.from >= to) break;
      if (hole.from > at) rest.push({ from: at, to: hole.from });
      at = Math.max(at, hole.to);
    }
    if (at < to) rest.push({ from: at, to });
  }
  return rest;
}
