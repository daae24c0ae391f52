/**
 * In which order transactions that wait have their signatures checked: by turns the one a block would take
 * first (duties, then by fee) and the one that waits longest. Who pays more gets past a flood, and nobody
 * waits for ever behind those who only claim to pay. Each sender's go in the order they came.
 */
import { Heap } from "../../chain/mempool/heap.ts";

/** What the order of a transaction depends on. */
export interface AdmissionRank {
  /** Of the sender; only equality matters. */
  readonly sender: string;
  readonly duty: boolean;
  readonly fee: bigint;
}

interface Item<T> {
  readonly value: T;
  readonly rank: AdmissionRank;
  readonly arrival: number;
  /** The sender's one after this. */
  next: Item<T> | undefined;
  isTaken: boolean;
}

export class AdmissionOrder<T> {
  /** In order of arrival, from `#first` on; those taken before their time are still there. */
  #arrivals: Item<T>[] = [];
  #first = 0;
  /** The next one of every sender; those taken otherwise are still there. */
  #ready = new Heap<Item<T>>(isBefore);
  /** The last one of every sender. */
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

  /** It is its sender's next one: all others of the sender came later. */
  #oldest(): Item<T> | undefined {
    while (this.#arrivals[this.#first]?.isTaken) this.#first++;
    return this.#arrivals[this.#first];
  }

  #dearest(): Item<T> | undefined {
    let item = this.#ready.pop();
    while (item?.isTaken) item = this.#ready.pop();
    return item;
  }

  /** Keeps what is left of taken ones in proportion to what waits. */
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
