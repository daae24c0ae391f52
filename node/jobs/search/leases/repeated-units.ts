/** Units that a second node searches, or has: for an order's redundancy. */
import { overlap, type Span, type Spans, sizeOf, spansOf, without } from "./span.ts";
import { SpanSet } from "./span-set.ts";

export class RepeatedUnits {
  readonly #searched = new SpanSet();
  /** Held by repeats that are not over. */
  #held: Spans = [];

  /** Searched units. */
  get searched(): number {
    return this.#searched.size;
  }

  /** Units that are searched, or are to be. */
  get size(): number {
    return this.#searched.size + sizeOf(this.#held);
  }

  /** Units that are searched, or are to be. */
  get spans(): Spans {
    return spansOf([...this.#searched.spans, ...this.#held]);
  }

  /** Those of a span. */
  within(span: Span): Spans {
    const held = this.#held.flatMap((one) => overlap([one], [span]));
    return spansOf([...this.#searched.within(span), ...held]);
  }

  touches(span: Span): boolean {
    return this.within(span).length > 0;
  }

  hold({ from, to }: Span): void {
    this.#held = [...this.#held, { from, to }];
  }

  release(span: Span): void {
    this.#held = this.#held.flatMap((held) => without([held], [span]));
  }

  search(span: Span): void {
    this.release(span);
    this.#searched.add(span);
  }
}
