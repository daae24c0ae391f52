/** A virtual clock with a queue of actions (binary heap); equal times run in the order of planning. */
interface Entry {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

export class Timeline {
  readonly #heap: Entry[] = [];
  #now = 0;
  #planned = 0;

  /** Virtual milliseconds. */
  get now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): void {
    const heap = this.#heap;
    const entry = { at: this.#now + ms, order: this.#planned++, action };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  /** Runs actions until `isDone`, until the clock would pass `deadline`, or until none is left. */
  run(deadline: number, isDone: () => boolean): void {
    while (!isDone() && this.step(deadline));
  }

  /** Runs the next action. @returns false when none is left, or the next one comes after `deadline` */
  step(deadline: number): boolean {
    const [next] = this.#heap;
    if (next === undefined || next.at > deadline) return false;
    this.#pop();
    this.#now = next.at;
    next.action();
    return true;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const [top] = heap;
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const useRight = right !== undefined && isBefore(right, left);
      const child = useRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (useRight ? 2 : 1);
    }
    heap[at] = last;
    return top;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
