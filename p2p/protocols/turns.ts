/**
 * Requests to one peer by one protocol that wait for their turn: one line for each use, and the lines take
 * turns, so that two hundred fetches of one use do not hold up the single one of another. Urgent requests have
 * places of their own, and go first where those are taken.
 */
import type { Rate } from "../peers/token-bucket.ts";

export interface TurnsOptions {
  /** Requests under way at the same time, the urgent ones not counted. */
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
  start(place: Place): void;
}

export type Place = "plain" | "urgent";

export class Turns {
  readonly #options: TurnsOptions;
  /** Spends one token of the rate; false when there is none. */
  readonly #take: () => boolean;
  readonly #running: Record<Place, number> = { plain: 0, urgent: 0 };
  /** By use; the first is the next to have a turn. */
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
    return this.#waiting + this.#running.plain + this.#running.urgent === 0;
  }

  /** Starts the entry now or later. @returns false when too many wait */
  join(entry: Entry): boolean {
    if (entry.urgent && this.#running.urgent < this.#options.urgentPlaces) {
      this.#running.urgent += 1;
      entry.start("urgent");
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

  /** A request is over. */
  free(place: Place): void {
    this.#running[place] -= 1;
    this.#advance();
  }

  /** Starts what may start now, and comes back when the rate allows the next. */
  #advance(): void {
    clearTimeout(this.#timer);
    const { places, rate } = this.#options;
    while (this.#waiting > 0 && this.#running.plain < places) {
      if (!this.#take()) {
        this.#timer = setTimeout(() => this.#advance(), Math.ceil(250 / rate.perSecond));
        return;
      }
      this.#running.plain += 1;
      this.#next()?.start("plain");
    }
  }

  /** The first of the line whose turn it is; that line is then the last to have one again. */
  #next(): Entry | undefined {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    const [use, line] = first;
    const next = line.shift();
    this.#waiting -= 1;
    this.#lines.delete(use);
    if (line.length > 0) this.#lines.set(use, line);
    return next;
  }

  #putFirst(use: string, line: Entry[]): void {
    const others = [...this.#lines].filter(([name]) => name !== use);
    this.#lines.clear();
    this.#lines.set(use, line);
    for (const [name, other] of others) this.#lines.set(name, other);
  }
}
