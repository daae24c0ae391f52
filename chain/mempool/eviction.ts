/**
 * Who goes when the mempool is full: the lowest fee among the last transactions of the other
 * senders, since dropping a last one leaves no gap. Duties stay.
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
    if (!entry.duty) this.#tails.push(entry);
  }

  /** Forgets what is not last any more, so that memory follows the size of the pool. */
  tidy(waiting: number, entries: Iterable<Entry>): void {
    if (this.#tails.size <= 2 * waiting + 64) return;
    const tails = [...entries].filter((entry) => !entry.duty && lastOf(entry.sender) === entry);
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
        if (entry.sender === newcomer.sender) continue;
        if (newcomer.duty || entry.fee < newcomer.fee) {
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

/** Of equal fees the newer one goes first. */
function isCheaper(a: Entry, b: Entry): boolean {
  return a.fee === b.fee ? a.order > b.order : a.fee < b.fee;
}
