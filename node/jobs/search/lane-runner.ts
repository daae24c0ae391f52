/** One worker lane of a search: its state machine, and the worker that does what the machine says. */

import type { UnitResult } from "../../../ml/search/search-units.ts";
import type { Clock } from "../../clock.ts";
import { MAX_TASK_UNITS, type SearchUnitsTask } from "../../workers/kinds/search/task.ts";
import type { SearchWorkers } from "../../workers/kinds/search/workers.ts";
import { Lane } from "./leases/lane.ts";
import type { LaneEffect, LaneEvent } from "./leases/lane-messages.ts";
import type { Span } from "./leases/span.ts";
import type { SearchedUnits } from "./searched-units.ts";

/** What a lane wants of whoever gives it leases. */
export type LaneWish = Extract<LaneEffect, { kind: "ask" | "beat" | "deliver" | "orphan" }>;

export interface LaneRunnerOptions {
  /** All of it but the units. */
  readonly order: Omit<SearchUnitsTask, "from" | "to">;
  /** Number of the first ask: higher than any of an earlier process. */
  readonly firstRequest: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export interface LaneRunnerModules {
  readonly workers: Pick<SearchWorkers, "search">;
  readonly units: Pick<SearchedUnits, "has" | "put" | "claim">;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  /** To the parent. */
  tell(wish: LaneWish): void;
  /** The parent does not answer. */
  seek(): void;
  /** Before the units are told to anybody. */
  onUnits(units: readonly UnitResult[], ms: number): void;
  onFind(nonce: bigint): void;
  /** A task failed; it is tried again. */
  onFailed(error: unknown): void;
}

interface Task extends Span {
  /** The machine's name for it. */
  readonly name: number;
}

interface Running extends Task {
  readonly end: AbortController;
  /** The next unit. */
  at: number;
  /** When the last units came. */
  since: number;
}

const RETRY_MS = 2_000;

export class LaneRunner {
  readonly #options: LaneRunnerOptions;
  readonly #modules: LaneRunnerModules;
  readonly #lane: Lane;
  readonly #waiting: Task[] = [];
  /** By task: one past the last unit to search, where it was stopped. */
  readonly #limits = new Map<number, number>();
  #running: Running | undefined;
  #isWorking = false;

  constructor(options: LaneRunnerOptions, modules: LaneRunnerModules) {
    this.#options = options;
    this.#modules = modules;
    this.#lane = new Lane({ firstRequest: options.firstRequest });
  }

  /** The manager has answered for all that was searched, and there will be no more. */
  get isDone(): boolean {
    return this.#lane.isDone;
  }

  get isSearching(): boolean {
    return this.#running !== undefined;
  }

  /** Its worker does nothing for it. */
  get isIdle(): boolean {
    return !this.#isWorking;
  }

  /** What is left to search of the leases that it has. */
  get held(): readonly Span[] {
    const running = this.#running;
    const rest = running === undefined ? [] : [{ ...running, from: running.at }];
    return [...rest, ...this.#waiting].map(({ name, from, to }) => {
      return { from, to: Math.min(to, this.#limits.get(name) ?? to) };
    });
  }

  /** @param event but for its time */
  take(event: LaneInput): void {
    const { clock, tell, seek, units, onFailed } = this.#modules;
    if (this.#options.signal.aborted) return;
    for (const effect of this.#lane.step({ ...event, now: clock.monotonic() } as LaneEvent)) {
      switch (effect.kind) {
        case "search":
          this.#waiting.push({ name: effect.lease, from: effect.from, to: effect.to });
          this.#start();
          break;
        case "stop":
          this.#stop(effect.lease, effect.to);
          break;
        case "claim":
          units.claim(effect).catch(onFailed);
          break;
        case "seek":
          seek();
          break;
        default:
          tell(effect);
      }
    }
  }

  #start(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#work().catch((error: unknown) => {
      if (!this.#options.signal.aborted) this.#modules.onFailed(error);
    });
  }

  #stop(name: number, to: number): void {
    this.#limits.set(name, to);
    const running = this.#running;
    if (running?.name === name && running.at >= to) running.end.abort(new Error("stopped"));
  }

  async #work(): Promise<void> {
    try {
      for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift()) {
        try {
          await this.#search(task);
        } finally {
          this.take({ kind: "stopped", lease: task.name });
        }
        this.#limits.delete(task.name);
      }
    } finally {
      // Set as soon as the queue is seen empty: a lease that is put in any later starts the work again.
      this.#isWorking = false;
    }
  }

  async #search(task: Task): Promise<void> {
    const { units, workers, clock, onFailed, onFind } = this.#modules;
    const { order, deadlineMs, signal } = this.#options;
    const { name } = task;
    let at = task.from;
    for (;;) {
      const limit = Math.min(task.to, this.#limits.get(name) ?? task.to);
      const begin = at;
      while (at < limit && units.has(at)) at++;
      // Searched by an earlier process, or for a lease that was lost.
      if (at > begin) this.take({ kind: "searched", lease: name, at });
      if (at >= limit) return;
      let to = at + 1;
      while (to < limit && to - at < MAX_TASK_UNITS && !units.has(to)) to++;
      const since = clock.monotonic();
      const running: Running = { name, from: at, to, at, since, end: new AbortController() };
      this.#running = running;
      const writes: Promise<void>[] = [];
      try {
        await workers.search(
          { ...order, from: BigInt(at), to: BigInt(to) },
          {
            deadlineMs,
            signal,
            end: running.end.signal,
            onUnits: (done) => {
              const write = this.#done(running, done);
              // It is waited for below; until then a failure must not end the process.
              write.catch((error: unknown) => running.end.abort(error));
              writes.push(write);
            },
            onFind: ({ nonce }) => onFind(nonce),
          },
        );
        await Promise.all(writes);
        if (running.at === at && !running.end.signal.aborted) {
          throw new Error("a search ended before its first unit");
        }
      } catch (error) {
        await Promise.allSettled(writes);
        signal.throwIfAborted();
        onFailed(error);
        await clock.sleep(RETRY_MS, signal);
        // What is kept of it is passed over.
        at = running.from;
        continue;
      } finally {
        this.#running = undefined;
      }
      at = running.at;
      if (running.end.signal.aborted) return;
    }
  }

  async #done(running: Running, done: readonly UnitResult[]): Promise<void> {
    const last = done.at(-1);
    if (last === undefined) return;
    const { units, clock, onUnits } = this.#modules;
    running.at = Number(last.unit) + 1;
    const limit = this.#limits.get(running.name);
    if (limit !== undefined && running.at >= limit) running.end.abort(new Error("stopped"));
    onUnits(done, clock.monotonic() - running.since);
    running.since = clock.monotonic();
    await units.put(done);
    this.take({ kind: "searched", lease: running.name, at: Number(last.unit) + 1 });
  }
}

/** What a lane hears, but for the time. */
export type LaneInput = LaneEvent extends infer Event
  ? Event extends LaneEvent
    ? Omit<Event, "now">
    : never
  : never;
