/**
 * Requests to one peer by one protocol that wait for their turn. Each use has a line, and the lines take turns, so that
 * two hundred fetches for one use do not hold up a single one for another. No use may take the last quarter of the
 * places, because its answers may take long. Urgent requests have places of their own; when these are taken, they go
 * first.
 */
import type { Rate } from "../token-bucket.ts";

export interface TurnsOptions {
  /** Requests under way at the same time, not counting the urgent ones. */
  readonly places: number;
  readonly urgentPlaces: number;
  readonly rate: Rate;
  /** Requests that may wait. */
  readonly maxWaiting: number;
}

export interface Entry {
  /** What the request is for. */
  readonly use: string;
  readonly urgent: boolean;
  /** @param free call it when the request is over */
  start(free: () => void): void;
}

/** Share of the places that one use leaves free for others, if there are at least two. */
const LEFT_TO_OTHERS = 0.25;

export class Turns {
  readonly #options: TurnsOptions;
  /** Takes one token of the rate; returns false when there is none. */
  readonly #take: () => boolean;
  #urgent = 0;
  #running = 0;
  /** By use; only uses that have a request under way. */
  readonly #runningOf = new Map<string, number>();
  /** By use; the first line has the next turn. */
  readonly #lines = new Map<string, Entry[]>();
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TurnsOptions, take: () => boolean) {
    this.#options = options;
    this.#take = take;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get isIdle(): boolean {
    return this.#waiting + this.#running + this.#urgent === 0;
  }

  /**
   * Starts the entry now or later.
   * @returns false when too many entries wait
   */
  join(entry: Entry): boolean {
    if (entry.urgent && this.#urgent < this.#options.urgentPlaces) {
      this.#urgent += 1;
      entry.start(() => {
        this.#urgent -= 1;
        this.#advance();
      });
      return true;
    }
    if (this.#waiting >= this.#options.maxWaiting) return false;
    const line = this.#lines.get(entry.use) ?? [];
    if (entry.urgent) {
      line.unshift(entry);
      this.#putFirst(entry.use, line);
    } else {
      line.push(entry);
      this.#lines.set(entry.use, line);
    }
    this.#waiting += 1;
    this.#advance();
    return true;
  }

  /** The entry will not start. */
  leave(entry: Entry): void {
    const line = this.#lines.get(entry.use);
    const at = line?.indexOf(entry) ?? -1;
    if (line === undefined || at === -1) return;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(entry.use);
    this.#waiting -= 1;
    if (this.#waiting === 0) clearTimeout(this.#timer);
  }

  /** Starts what may start now, and runs again when the rate allows the next request. */
  #advance(): void {
    clearTimeout(this.#timer);
    const { places, rate } = this.#options;
    while (this.#running < places) {
      const use = this.#nextUse();
      if (use === undefined) return;
      if (!this.#take()) {
        this.#timer = setTimeout(() => this.#advance(), Math.ceil(250 / rate.perSecond));
        return;
      }
      this.#start(use);
    }
  }

  /** The use whose turn it is: the first of those that may have another place. */
  #nextUse(): string | undefined {
    const { places } = this.#options;
    const most = Math.max(1, places - Math.ceil(places * LEFT_TO_OTHERS));
    return [...this.#lines.keys()].find((use) => (this.#runningOf.get(use) ?? 0) < most);
  }

  /** Starts the first entry of the line, and moves that line to the end. */
  #start(use: string): void {
    const line = this.#lines.get(use) ?? [];
    const entry = line.shift();
    this.#lines.delete(use);
    if (line.length > 0) this.#lines.set(use, line);
    if (entry === undefined) return;
    this.#waiting -= 1;
    this.#count(use, 1);
    entry.start(() => {
      this.#count(use, -1);
      this.#advance();
    });
  }

  #count(use: string, change: number): void {
    this.#running += change;
    const count = (this.#runningOf.get(use) ?? 0) + change;
    if (count > 0) this.#runningOf.set(use, count);
    else this.#runningOf.delete(use);
  }

  #putFirst(use: string, line: Entry[]): void {
    const others = [...this.#lines].filter(([name]) => name !== use);
    this.#lines.clear();
    this.#lines.set(use, line);
    for (const [name, other] of others) this.#lines.set(name, other);
  }
}
