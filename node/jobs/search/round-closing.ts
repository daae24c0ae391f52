/**
 * How long a round that takes no more work waits for its lanes: until the manager has answered for all that they
 * searched, or until no more answers are to be expected. It also measures what the commit states of that time. Pure.
 */
import type { LaneRunner } from "./lane-runner.ts";

/** For the manager's last answers: three beats. */
const PATIENCE_MS = 6_000;
/** Of the deadline, for the unit of the find that ends a round and the answers for it: a quarter of the phase. */
const LAST_UNIT = 1 / 16;

type LaneState = Pick<LaneRunner, "isIdle" | "isSearching" | "isDone">;

interface Look {
  /** No worker searches for the round. */
  readonly isIdle: boolean;
  /** There is nothing more to wait for. */
  readonly isOver: boolean;
}

export class RoundClosing {
  readonly #deadlineMs: number;
  #closedAt: number | undefined;
  /** When no worker searched for the round any more. */
  #idleAt: number | undefined;
  #until: number | undefined;
  #latest: number | undefined;

  /** @param deadlineMs what is left of the phase, and more */
  constructor({ deadlineMs }: { readonly deadlineMs: number }) {
    this.#deadlineMs = deadlineMs;
  }

  /** The round takes no more work from now on. */
  close(now: number): void {
    this.#closedAt ??= now;
  }

  /** One look at the lanes, after the round was closed. */
  look(lanes: readonly LaneState[], now: number): Look {
    const isIdle = lanes.every((lane) => lane.isIdle);
    if (isIdle) this.#idleAt ??= now;
    this.#latest ??= now + Math.max(PATIENCE_MS, LAST_UNIT * this.#deadlineMs);
    // What a lane still searches it must be able to deliver.
    if (this.#until === undefined || lanes.some(({ isSearching }) => isSearching)) {
      this.#until = Math.min(this.#latest, now + PATIENCE_MS);
    }
    return { isIdle, isOver: now >= this.#until || lanes.every(({ isDone }) => isDone) };
  }

  /** Milliseconds from the close to the end of the search, and to the end of the last unit. */
  timesAt(endedAt: number): { readonly waitedMs: number; readonly lastUnitMs: number } {
    const closedAt = this.#closedAt ?? endedAt;
    return {
      waitedMs: Math.round(endedAt - closedAt),
      lastUnitMs: Math.round((this.#idleAt ?? endedAt) - closedAt),
    };
  }
}
