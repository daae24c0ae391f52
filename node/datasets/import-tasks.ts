/**
 * Imports as tasks: one runs, a few wait; each has an id, a progress, and a result that is kept for a while. A client
 * may disconnect and ask later.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Log } from "../../p2p/log.ts";
import type { Clock } from "../clock.ts";
import { type Reservation, type Room, UNBOUNDED } from "../storage/room.ts";
import type { DatasetSummary } from "./dataset-summary.ts";
import type { ImportControl } from "./import-child.ts";
import type { ImportOrder, ImportSource } from "./import-order.ts";

export type TaskState = "queued" | "running" | "done" | "failed" | "cancelled";

export interface ImportTask {
  readonly id: string;
  readonly state: TaskState;
  /** 0 to 1. */
  readonly progress: number;
  /** What it does now. */
  readonly step: string;
  /** Unix milliseconds. */
  readonly started: number;
  readonly ended: number | undefined;
  readonly result: DatasetSummary | undefined;
  readonly error: unknown;
}

export interface ImportModules {
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Carries out an order in another process. */
  run(order: ImportOrder, control: ImportControl): Promise<void>;
  /** Moves the finished folder into the node's datasets. */
  adopt(folder: string): Promise<DatasetSummary>;
  /** Room is requested here before a dataset is written; default: the disk is the only limit. */
  readonly room?: Room;
}

export interface ImportWork {
  readonly source: ImportSource;
  /** Folder for the result. */
  readonly output: string;
  /** Called once the import has ended; `isDone` when its files are no longer needed. */
  finally(isDone: boolean): Promise<void>;
}

const MAX_WAITING = 8;
const KEPT = 100;
const KEPT_MS = 60 * 60_000;

interface Entry {
  task: ImportTask;
  readonly control: AbortController;
  readonly ended: Promise<void>;
}

export class ImportTasks {
  readonly #modules: ImportModules;
  readonly #entries = new Map<string, Entry>();
  #last: Promise<void> = Promise.resolve();

  constructor(modules: ImportModules) {
    this.#modules = modules;
  }

  /** @throws PomlError TOO_MANY_IMPORTS */
  start(work: ImportWork): ImportTask {
    const open = [...this.#entries.values()].filter(({ task }) => task.ended === undefined);
    if (open.length > MAX_WAITING) {
      throw new PomlError(
        `${open.length} imports are running or waiting already`,
        { code: "TOO_MANY_IMPORTS" },
        { remedy: "try again when they are done", action: "local" },
      );
    }
    this.#forget();
    const id = toHex(randomBytes(16));
    const control = new AbortController();
    const ended = this.#last.then(() => this.#carryOut(id, work, control.signal));
    this.#last = ended;
    const task: ImportTask = {
      id,
      state: "queued",
      progress: 0,
      step: "waiting for other imports",
      started: this.#modules.clock.now(),
      ended: undefined,
      result: undefined,
      error: undefined,
    };
    this.#entries.set(id, { task, control, ended });
    return task;
  }

  get(id: string): ImportTask | undefined {
    return this.#entries.get(id)?.task;
  }

  /** Newest first. */
  list(): ImportTask[] {
    return [...this.#entries.values()].map(({ task }) => task).reverse();
  }

  /** Resolves with the task once it has ended, or with its present state when the signal fires. */
  async wait(id: string, signal: AbortSignal): Promise<ImportTask | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const fired = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([entry.ended, fired]);
    return entry.task;
  }

  /** Ends a task that has not ended yet; others stay unchanged. */
  cancel(id: string): void {
    this.#entries.get(id)?.control.abort();
  }

  /** Ends all tasks and waits until they have ended. */
  async stop(): Promise<void> {
    for (const { control } of this.#entries.values()) control.abort();
    await this.#last;
  }

  async #carryOut(id: string, work: ImportWork, signal: AbortSignal): Promise<void> {
    const { run, adopt, clock, log, room = UNBOUNDED } = this.#modules;
    const { source, output } = work;
    let result: DatasetSummary | undefined;
    let held: Reservation | undefined;
    let size = 0;
    try {
      signal.throwIfAborted();
      this.#change(id, { state: "running", step: "starting" });
      await run(
        { source, output },
        {
          signal,
          onProgress: (progress, step) => this.#change(id, { progress, step }),
          onSize: async (bytes) => {
            held = await room.reserve("datasets", bytes);
            size = bytes;
            return held.signal;
          },
        },
      );
      result = await adopt(output);
      held?.wrote(size);
      this.#change(id, { state: "done", progress: 1, step: "done", ended: clock.now(), result });
      log.info("dataset imported", { task: id, dataset: result.id, name: result.name });
    } catch (error) {
      const state = signal.aborted ? "cancelled" : "failed";
      const reason = error instanceof Error ? error.message : String(error);
      this.#change(id, { state, step: state, ended: clock.now(), error });
      log.info("import ended without a dataset", { task: id, reason, cause: causeOf(error) });
    } finally {
      held?.release();
      await rm(output, { recursive: true, force: true }).catch(() => {});
      await work.finally(result !== undefined).catch((error: unknown) => {
        log.warn("files of an import could not be removed", { task: id, reason: String(error) });
      });
    }
  }

  #change(id: string, change: Partial<ImportTask>): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.task = { ...entry.task, ...change };
  }

  #forget(): void {
    const limit = this.#modules.clock.now() - KEPT_MS;
    const over = this.#entries.size - KEPT;
    [...this.#entries.values()].forEach(({ task: { id, ended } }, i) => {
      if (ended !== undefined && (i <= over || ended < limit)) this.#entries.delete(id);
    });
  }
}

function causeOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause !== undefined ? String(error.cause) : undefined;
}
