/**
 * Which transactions go when the mempool is full: those with the lowest fee among the last ones of the other
 * senders, since dropping a last one leaves no gap. A free one goes so only where it stands on paying ones, which
 * nothing could reach otherwise; for all others there is a quota (free-places.ts).
 */
import { type Entry, lastOf } from "./entry.ts";
import { Heap } from "./heap.ts";

export class Eviction {
  /** Last transactions, cheapest first; those that are last no more are passed over when met. */
  #tails = new Heap<Entry>(isCheaper);
  readonly #isWaiting: (entry: Entry) => boolean;

  constructor(isWaiting: (entry: Entry) => boolean) {
    this.#isWaiting = isWaiting;
  }

  /** Call it for every transaction that became its sender's last one. */
  offer(entry: Entry): void {
    if (isEvictable(entry)) this.#tails.push(entry);
  }

  /** Forgets what is not last any more, so that memory follows the size of the pool. */
  tidy(waiting: number, entries: Iterable<Entry>): void {
    if (this.#tails.size <= 2 * waiting + 64) return;
    const tails = [...entries].filter(
      (entry) => lastOf(entry.sender) === entry && isEvictable(entry),
    );
    this.#tails = new Heap(isCheaper, tails);
  }

  /**
   * Picks, cheapest first, until `enough` says so; nothing is dropped yet.
   * @param picked may hold what goes anyway; what is picked is added to it
   * @returns false when the newcomer offers no more than the next one to go, or none is left
   */
  pick(newcomer: Entry, picked: Set<Entry>, enough: () => boolean): boolean {
    const seen: Entry[] = [];
    let found = true;
    while (found && !enough()) {
      const entry = this.#tails.pop();
      if (entry === undefined) found = false;
      else if (this.#isWaiting(entry) && lastOf(entry.sender, picked) === entry) {
        seen.push(entry);
        if (entry.sender === newcomer.sender || !isEvictable(entry)) continue;
        if (newcomer.duty || priceOf(entry) < newcomer.fee) {
          picked.add(entry);
          const next = lastOf(entry.sender, picked);
          if (next !== undefined) this.offer(next);
        } else found = false;
      }
    }
    for (const entry of seen) this.#tails.push(entry);
    return found;
  }
}

function isEvictable({ duty, sender }: Entry): boolean {
  return !duty || [...sender.waiting.values()].some((entry) => !entry.duty);
}

function priceOf({ duty, fee }: Entry): bigint {
  return duty ? 0n : fee;
}

/** Of equal fees the newer one goes first. */
function isCheaper(a: Entry, b: Entry): boolean {
  const [one, other] = [priceOf(a), priceOf(b)];
  return one === other ? a.order > b.order : one < other;
}
