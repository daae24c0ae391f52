/** Steps that a desk has written and the log does not hold yet, each with what is answered once it does. */
import type { LaneRow } from "./desk-lanes.ts";
import type { DeskEffect } from "./desk-messages.ts";
import type { LeaseStep } from "./step.ts";

/** Weight of the newest in the mean time that writing takes. */
const NEWEST = 0.1;
const FIRST_SCHEDULE_MS = 100;

/** What a step is about. */
export interface Written {
  /** Number of the lease, or FREE. */
  readonly lease: number;
  /** No answer leaves before the log holds the step. */
  readonly answers: readonly DeskEffect[];
  /** Whose ask it answers. */
  readonly lane?: LaneRow;
}

interface Pending extends Written {
  readonly since: number;
}

export class UnheldSteps {
  readonly #pending = new Map<number, Pending>();
  /** By lease: how many of its steps are not held yet. */
  readonly #unheld = new Map<number, number>();
  #ids = 0;
  #scheduleMs = FIRST_SCHEDULE_MS;

  /** Mean time from a step to its place on the log, in milliseconds. */
  get scheduleMs(): number {
    return this.#scheduleMs;
  }

  /** Whether steps of a lease are not held yet. */
  has(lease: number): boolean {
    return this.#unheld.has(lease);
  }

  get hasAny(): boolean {
    return this.#pending.size > 0;
  }

  append(step: LeaseStep, about: Written, now: number, effects: DeskEffect[]): void {
    const { lease } = about;
    const id = ++this.#ids;
    this.#pending.set(id, { ...about, since: now });
    this.#unheld.set(lease, (this.#unheld.get(lease) ?? 0) + 1);
    effects.push({ kind: "append", id, step });
  }

  /** The log holds a step. @returns what it was about; undefined for one that is not known */
  held(id: number, now: number, effects: DeskEffect[]): Written | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    const { lease, since, answers } = pending;
    this.#scheduleMs += NEWEST * (now - since - this.#scheduleMs);
    const left = (this.#unheld.get(lease) ?? 1) - 1;
    if (left === 0) this.#unheld.delete(lease);
    else this.#unheld.set(lease, left);
    for (const answer of answers) effects.push(answer);
    return pending;
  }
}
