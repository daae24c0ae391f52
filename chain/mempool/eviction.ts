/**
 * Which transactions are dropped when the mempool is full: the cheapest among the last transactions of the other
 * senders, because dropping a last one leaves no gap. A free transaction is dropped in this way only if paying ones
 * come before it, because otherwise these could not be dropped at all. For all other free ones there is a quota
 * (free-places.ts).
 */
import { type Entry, lastOf } from "./entry.ts";
import { Heap } from "./heap.ts";

export class Eviction {
  /** Last transactions, cheapest first; entries that are no longer last are skipped when they come up. */
  #tails = new Heap<Entry>(isCheaper);
  readonly #isWaiting: (entry: Entry) => boolean;

  constructor(isWaiting: (entry: Entry) => boolean) {
    this.#isWaiting = isWaiting;
  }

  /** Call it for every transaction that becomes the last one of its sender. */
  offer(entry: Entry): void {
    if (isEvictable(entry)) this.#tails.push(entry);
  }

  /** Forgets entries that are no longer last, so that memory follows the size of the pool. */
  tidy(waiting: number, entries: Iterable<Entry>): void {
    if (this.#tails.size <= 2 * waiting + 64) return;
    const tails = [...entries].filter(
      (entry) => lastOf(entry.sender) === entry && isEvictable(entry),
    );
    this.#tails = new Heap(isCheaper, tails);
  }

  /**
   * Picks entries, cheapest first, until `enough` returns true; it drops nothing yet.
   * @param picked may already hold entries to drop; the picked ones are added
   * @returns false when the newcomer offers no more than the next entry to drop, or no entry is left
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

/** For equal fees the newer one is dropped first. */
function isCheaper(a: Entry, b: Entry): boolean {
  const [one, other] = [priceOf(a), priceOf(b)];
  return one === other ? a.order > b.order : one < other;
}
