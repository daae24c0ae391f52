/** Which node has searched which units. */
import { type Span, type Spans, spanSize, spansOf } from "./span.ts";
import { SpanSet } from "./span-set.ts";

export class OwnedUnits {
  readonly #byNode = new Map<number, SpanSet>();

  get nodes(): Iterable<number> {
    return this.#byNode.keys();
  }

  of(node: number): Spans {
    return this.#byNode.get(node)?.spans ?? [];
  }

  /** Units of a node. */
  sizeOf(node: number): number {
    return this.#byNode.get(node)?.size ?? 0;
  }

  /** Units that have a node. */
  get all(): Spans {
    return spansOf([...this.#byNode.values()].flatMap(({ spans }) => spans));
  }

  within(node: number, span: Span): Spans {
    return this.#byNode.get(node)?.within(span) ?? [];
  }

  /** Gives a node units that it has not. */
  credit(node: number, span: Span): void {
    let owned = this.#byNode.get(node);
    if (owned === undefined) {
      owned = new SpanSet();
      this.#byNode.set(node, owned);
    }
    owned.add(span);
  }

  /** Units of a span that have a node, where no unit has two. */
  covered(span: Span): number {
    let units = 0;
    for (const owned of this.#byNode.values()) {
      for (const part of owned.within(span)) units += spanSize(part);
    }
    return units;
  }
}
