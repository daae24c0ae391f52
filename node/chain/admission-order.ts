/**
 * The order in which the signatures of waiting transactions are checked. Two kinds alternate: the transaction that a
 * block would take first (duties, then by fee), and the one that has waited longest. So a transaction with a higher fee
 * gets past a flood, and none waits for ever behind others that only promise a fee. The transactions of one sender keep
 * their order of arrival.
 */
import { Heap } from "../../chain/mempool/heap.ts";

/** The properties of a transaction that decide its place. */
export interface AdmissionRank {
  /** Sender; only compared for equality. */
  readonly sender: string;
  readonly duty: boolean;
  readonly fee: bigint;
}

interface Item<T> {
  readonly value: T;
  readonly rank: AdmissionRank;
  readonly arrival: number;
  /** The next transaction of its sender. */
  next: Item<T> | undefined;
  isTaken: boolean;
}

export class AdmissionOrder<T> {
  /** In order of arrival, from `#first` on; items that were taken out of turn stay until they are reached. */
  #arrivals: Item<T>[] = [];
  #first = 0;
  /** The next item of every sender; items that were taken by arrival stay until they come up. */
  #ready = new Heap<Item<T>>(isBefore);
  /** The last item of every sender. */
  readonly #last = new Map<string, Item<T>>();
  #count = 0;
  #length = 0;
  #isOldestsTurn = false;

  get length(): number {
    return this.#length;
  }

  push(value: T, rank: AdmissionRank): void {
    const item = { value, rank, arrival: this.#count++, next: undefined, isTaken: false };
    const last = this.#last.get(rank.sender);
    if (last === undefined) this.#ready.push(item);
    else last.next = item;
    this.#last.set(rank.sender, item);
    this.#arrivals.push(item);
    this.#length++;
  }

  take(): T | undefined {
    const item = this.#isOldestsTurn ? this.#oldest() : this.#dearest();
    if (item === undefined) return undefined;
    this.#isOldestsTurn = !this.#isOldestsTurn;
    item.isTaken = true;
    this.#length--;
    if (item.next !== undefined) this.#ready.push(item.next);
    else this.#last.delete(item.rank.sender);
    this.#tidy();
    return item.value;
  }

  /** The oldest item is the next one of its sender, because all others of the sender came later. */
  #oldest(): Item<T> | undefined {
    while (this.#arrivals[this.#first]?.isTaken) this.#first++;
    return this.#arrivals[this.#first];
  }

  #dearest(): Item<T> | undefined {
    let item = this.#ready.pop();
    while (item?.isTaken) item = this.#ready.pop();
    return item;
  }

  /** Removes taken items, so that their number stays in proportion to the waiting ones. */
  #tidy(): void {
    const most = 2 * this.#length + 64;
    if (this.#arrivals.length > most) {
      this.#arrivals = this.#arrivals.filter(({ isTaken }) => !isTaken);
      this.#first = 0;
    }
    if (this.#ready.size > most) this.#ready = new Heap(isBefore, this.#heads());
  }

  #heads(): Item<T>[] {
    const senders = new Set<string>();
    return this.#arrivals.filter(({ isTaken, rank }) => {
      if (isTaken || senders.has(rank.sender)) return false;
      senders.add(rank.sender);
      return true;
    });
  }
}

function isBefore<T>(a: Item<T>, b: Item<T>): boolean {
  if (a.rank.duty !== b.rank.duty) return a.rank.duty;
  return a.rank.fee === b.rank.fee ? a.arrival < b.arrival : a.rank.fee > b.rank.fee;
}
