/** A set of units that grows, kept as sorted spans. */
import { overlap, type Span, type Spans } from "./span.ts";

export class SpanSet {
  readonly #spans: Span[] = [];
  #size = 0;

  get spans(): Spans {
    return this.#spans;
  }

  /** In units. */
  get size(): number {
    return this.#size;
  }

  /** Adds units that are not in it yet. */
  add({ from, to }: Span): void {
    let at = this.#spans.length;
    while (at > 0 && (this.#spans[at - 1]?.from ?? 0) > from) at--;
    const [before, after] = [this.#spans[at - 1], this.#spans[at]];
    const joinsBefore = before?.to === from;
    const joinsAfter = after?.from === to;
    const span = {
      from: joinsBefore ? before.from : from,
      to: joinsAfter ? after.to : to,
    };
    this.#spans.splice(at - Number(joinsBefore), Number(joinsBefore) + Number(joinsAfter), span);
    this.#size += to - from;
  }

  touches(span: Span): boolean {
    return this.within(span).length > 0;
  }

  within(span: Span): Spans {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle]?.to ?? 0) <= span.from) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while ((this.#spans[end]?.from ?? span.to) < span.to) end++;
    return overlap(this.#spans.slice(low, end), [span]);
  }
}
