/**
 * What the children of a sub-manager have searched: pieces on their way to the log above, and what that log has
 * answered. A child hears of its units what the log above says, and nothing before.
 */
import type { AckEffect } from "./desk-messages.ts";
import { overlap, type Span, type Spans, spansOf, without } from "./span.ts";
import type { Holder } from "./step.ts";
import type { SubAckEvent } from "./sub-messages.ts";

/** Units on their way to the log above. */
export interface Delivery extends Span {
  /** As the sub-manager numbers it. */
  readonly childLease: number;
  readonly searcher: Holder;
  /** The searcher, or the sub-manager below that brought them. */
  readonly by: Holder;
  readonly since: number;
}

type Answer = "ack" | "stale";

/** What a child is told of units that it searched. */
export interface ChildAnswer extends Span {
  readonly kind: Answer;
  readonly by: Holder;
  readonly holder: Holder;
  readonly lease: number;
}

/**
 * The most pieces of one node that are on their way at once. Pieces of a lease that touch are joined, and each of the 256
 * lanes of a node has two leases, so an honest node has about half as many. Further pieces are passed over: the child
 * gets no answer for them, and delivers them again.
 */
export const MOST_PIECES = 1_024;

export class Deliveries {
  #pieces: Delivery[] = [];
  /** By node. */
  readonly #settled = new Map<number, Record<Answer, Spans>>();

  get all(): readonly Delivery[] {
    return this.#pieces;
  }

  /** The time since which the oldest piece is on its way; Infinity where there is none. */
  get oldest(): number {
    return this.#pieces.reduce((oldest, { since }) => Math.min(oldest, since), Infinity);
  }

  /**
   * A child delivers units.
   * @returns what the log above has already answered of them, and those that must be sent up now
   */
  add({ by, holder, lease, from, to }: Omit<AckEffect, "kind">, now: number) {
    const { ack, stale } = this.#settledOf(holder);
    const answers = (["ack", "stale"] as const).flatMap((kind) =>
      overlap(kind === "ack" ? ack : stale, [{ from, to }]).map(
        (span): ChildAnswer => ({ kind, by, holder, lease, ...span }),
      ),
    );
    const before = this.#pieces.filter(({ searcher }) => searcher.node === holder.node);
    const news: Span[] = [];
    let count = before.length;
    for (const span of without([{ from, to }], spansOf([...ack, ...stale, ...before]))) {
      const piece: Delivery = { childLease: lease, searcher: holder, by, since: now, ...span };
      const touching = this.#pieces.findIndex((one) => isContinued(one, piece));
      const touched = this.#pieces[touching];
      if (touched !== undefined) this.#pieces[touching] = { ...touched, to: span.to };
      else if (count++ < MOST_PIECES) this.#pieces.push(piece);
      else continue;
      news.push(span);
    }
    return { answers, news };
  }

  /** The log above has units of a searcher, as its own or as another's. @returns what its children are told */
  settle({ kind, searcher, from, to, now }: SubAckEvent): readonly ChildAnswer[] {
    const answers: ChildAnswer[] = [];
    const settled = this.#settledOf(searcher);
    this.#pieces = this.#pieces.flatMap((piece) => {
      if (piece.searcher.node !== searcher.node) return [piece];
      const answered = overlap([piece], [{ from, to }]);
      for (const span of answered) {
        settled[kind] = spansOf([...settled[kind], span]);
        const { childLease: lease, searcher: holder, by } = piece;
        answers.push({ kind, by, holder, lease, ...span });
      }
      // The manager above is there: patience with the rest begins again.
      const since = answered.length > 0 ? now : piece.since;
      return without([piece], answered).map((span) => ({ ...piece, ...span, since }));
    });
    return answers;
  }

  /** Another manager above gets all again. */
  restart(now: number): void {
    this.#pieces = this.#pieces.map((piece) => ({ ...piece, since: now }));
  }

  #settledOf({ node }: Holder): Record<Answer, Spans> {
    const known = this.#settled.get(node);
    if (known !== undefined) return known;
    const none = { ack: [], stale: [] };
    this.#settled.set(node, none);
    return none;
  }
}

function isContinued(one: Delivery, next: Delivery): boolean {
  const isSame = (a: Holder, b: Holder): boolean => a.node === b.node && a.lane === b.lane;
  return (
    one.to === next.from &&
    one.childLease === next.childLease &&
    isSame(one.searcher, next.searcher) &&
    isSame(one.by, next.by)
  );
}
