/**
 * Carries out tasks on the available workers: each task waits for an idle worker that may have it, is repeated on
 * another one if its worker is lost or sent wrong work, and has a deadline.
 */
import type { Log } from "../../p2p/log.ts";
import type { Clock } from "../clock.ts";
import type { Draw } from "./kinds/spot-check.ts";
import type { Assignment, Attempt, ChosenWorker, Pool, Work, WorkControl } from "./kinds/work.ts";
import { SET_ASIDE_REMEDY, SetAsideMachines } from "./set-aside-machines.ts";
import type { RunControl } from "./task-exchange.ts";
import { TurnUse } from "./turn-use.ts";
import { isWorkerCode, WorkerError } from "./worker-error.ts";
import type { WorkerLink } from "./worker-link.ts";
import type { WorkerQueue } from "./worker-queue.ts";
import { Turns } from "./worker-turns.ts";

/** A task is given to at most so many workers. */
const MAX_ATTEMPTS = 3;
/** Longest timer of the runtime. */
const MAX_SLEEP_MS = 2 ** 31 - 1;

export interface TaskSchedulerModules {
  readonly log: Log;
  readonly clock: Clock;
  readonly draw: Draw;
  readonly queue: WorkerQueue;
  /** Fails every task. */
  readonly stop: AbortSignal;
  /** Whether there are workers on this machine that check the results of remote ones. */
  readonly hasLocal: boolean;
}

export class TaskScheduler implements Pool {
  readonly draw: Draw;
  readonly clock: Clock;
  readonly #modules: TaskSchedulerModules;
  readonly #aside: SetAsideMachines;
  readonly #turns: Turns;

  constructor(modules: TaskSchedulerModules) {
    const { draw, clock } = modules;
    this.draw = draw;
    this.clock = clock;
    this.#modules = modules;
    this.#aside = new SetAsideMachines(() => clock.monotonic());
    this.#turns = new Turns(modules.queue, clock);
  }

  async run<T>(work: Work<T>, control: WorkControl): Promise<T> {
    const over = new AbortController();
    const { deadlineMs } = control;
    const given = control.signal === undefined ? [] : [control.signal];
    const signal = AbortSignal.any([over.signal, this.#modules.stop, ...given]);
    void this.clock.sleep(Math.min(deadlineMs, MAX_SLEEP_MS), over.signal).then(
      () => over.abort(pastDeadline(work.kind, deadlineMs)),
      () => {},
    );
    try {
      return await this.#repeat(work, { ...control, signal });
    } finally {
      over.abort();
    }
  }

  setAside({ id: worker, address, machine }: ChosenWorker, reason: string): void {
    if (this.#aside.has(machine)) return;
    const { log, queue } = this.#modules;
    this.#aside.add(machine);
    for (const link of queue.links) {
      if (link.identity.kind === "remote" && link.identity.machine === machine) link.setAside();
    }
    const facts = { worker, address, machine, reason, remedy: SET_ASIDE_REMEDY };
    log.error("a remote worker sent wrong work: it is dropped, and the worker set aside", facts);
  }

  warn(message: string, facts: Readonly<Record<string, unknown>>): void {
    this.#modules.log.warn(message, facts);
  }

  /** A worker has connected; if its machine is set aside, it gets no tasks. */
  greet(link: WorkerLink): void {
    const { id, kind, address, machine } = link.identity;
    if (kind !== "remote" || !this.#aside.has(machine)) return;
    link.setAside();
    this.#modules.log.warn("a worker links from a machine that is set aside: it gets no tasks", {
      worker: id,
      address,
      machine,
      remedy: SET_ASIDE_REMEDY,
    });
  }

  async #repeat<T>(work: Work<T>, control: RunControl): Promise<T> {
    const { kind, isUrgent: urgent } = work;
    const givesWay = work.givesWay?.isForUrgent === true;
    const { log, queue } = this.#modules;
    const { signal, end } = control;
    /** A remote worker failed; a local one shows whether the task can be done at all. */
    let isLocalOnly = false;
    // A task whose result cannot be checked in parts stays on this machine, if there is a worker.
    const fits = (link: WorkerLink): boolean =>
      !this.#isChecked(link) || (work.isRemote && !isLocalOnly);
    const use = work.turnUse ?? new TurnUse();
    for (let attempts = 1; ; ) {
      const waited = new AbortController();
      let worker: ChosenWorker | undefined;
      let tried: Attempt<T> | undefined;
      if (urgent) void this.#turns.makeWay(fits, use, waited.signal);
      try {
        const result = await queue.use({ signal, end, urgent, fits, givesWay }, async (free) => {
          waited.abort();
          worker = this.#chosen(free);
          tried = work.attempt(worker, signal);
          return this.#try(work, tried, { link: free, use }, control);
        });
        await tried?.verify?.(result, signal);
        const all = work.soFar?.();
        if (all === undefined) return result;
        if (all.isWhole || end?.aborted) return all.result;
      } catch (error) {
        tried?.drop?.();
        if (isWorkerCode(error, "SPOT_CHECK") && worker !== undefined) {
          this.setAside(worker, error.message);
          isLocalOnly = true;
        } else if (isWorkerCode(error, "TASK_FAILED") && worker?.isChecked === true) {
          const facts = { kind, reason: error.message };
          log.warn("a task failed on a remote worker; it is tried here", facts);
          isLocalOnly = true;
        } else if (isWorkerCode(error, "LINK_LOST")) {
          log.warn("a task lost its worker", { kind, attempts, reason: error.message });
        } else throw error;
        const all = work.soFar?.();
        if (all?.isWhole) return all.result;
        if (attempts === MAX_ATTEMPTS) throw outOfAttempts(kind, attempts, error);
        attempts += 1;
      } finally {
        waited.abort();
      }
    }
  }

  async #try<T>(
    work: Work<T>,
    { assignment, end }: Attempt<T>,
    { link, use }: { readonly link: WorkerLink; readonly use: TurnUse },
    control: RunControl,
  ): Promise<T> {
    const { givesWay } = work;
    const ends = [control.end, end].filter((signal) => signal !== undefined);
    if (givesWay === undefined || link.identity.kind !== "local") {
      return link.run(assignment, { ...control, end: AbortSignal.any(ends) });
    }
    const run = (turnEnd: AbortSignal, onOutput: (name: string) => void): Promise<T> => {
      const told: Assignment<T> = {
        ...assignment,
        onOutput(name, index, bytes) {
          assignment.onOutput(name, index, bytes);
          onOutput(name);
        },
      };
      return link.run(told, { ...control, end: AbortSignal.any([...ends, turnEnd]) });
    };
    return this.#turns.during(link, { givesWay, use, run });
  }

  #chosen(link: WorkerLink): ChosenWorker {
    const { id, address, machine } = link.identity;
    return { id, address, machine, isChecked: this.#isChecked(link) };
  }

  /** Whether the results of this worker are checked here. */
  #isChecked({ identity }: WorkerLink): boolean {
    return identity.kind === "remote" && this.#modules.hasLocal;
  }
}

function pastDeadline(kind: string, deadlineMs: number): WorkerError {
  return new WorkerError(
    `${kind} did not end within ${deadlineMs} ms`,
    { code: "DEADLINE", kind, deadlineMs },
    { action: "local", remedy: "add workers, or give the task more time" },
  );
}

function outOfAttempts(kind: string, attempts: number, cause: unknown): WorkerError {
  return new WorkerError(
    `${kind} lost its worker ${attempts} times`,
    { code: "ATTEMPTS", kind, attempts },
    { action: "local", cause, remedy: "look for worker processes killed for lack of memory" },
  );
}
