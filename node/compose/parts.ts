/**
 * The parts of a node in one list: they are started in this order and stopped in reverse, so the second order need not
 * be written by hand.
 */
import { PomlError } from "../../chain/errors.ts";
import type { NodeLog } from "../telemetry/log.ts";

export interface Part {
  /** For the log. */
  readonly name: string;
  start?(): void | Promise<void>;
  /** Also called when `start` failed or was never called. */
  stop?(): void | Promise<void>;
}

export class Parts {
  readonly #parts: readonly Part[];
  readonly #log: Pick<NodeLog, "error">;
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  /** @param parts those that others need come first */
  constructor(parts: readonly Part[], log: Pick<NodeLog, "error">) {
    this.#parts = parts;
    this.#log = log;
  }

  /**
   * If a part fails, everything is stopped again.
   * @throws the error of that part; PomlError STOPPED
   */
  async start(): Promise<void> {
    this.#starting = this.#startAll();
    try {
      await this.#starting;
    } catch (error) {
      await this.stop().catch(() => {});
      throw error;
    }
  }

  /**
   * Waits for a part that is just starting. A part that fails to stop is logged, and the others are stopped
   * nevertheless.
   * @throws the first of these errors
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #startAll(): Promise<void> {
    for (const part of this.#parts) {
      if (this.#stopping !== undefined) throw stoppedMeanwhile();
      await part.start?.();
    }
  }

  async #stopAll(): Promise<void> {
    await this.#starting.catch(() => {});
    const failures: unknown[] = [];
    for (const part of this.#parts.toReversed()) {
      try {
        await part.stop?.();
      } catch (error) {
        this.#log.error("a part did not stop well", { part: part.name, reason: String(error) });
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Builds on something that is open already; it is closed again if the build fails. */
export async function buildOn<T>(opened: { stop(): Promise<void> }, build: () => Promise<T>) {
  try {
    return await build();
  } catch (error) {
    await opened.stop().catch(() => {});
    throw error;
  }
}

function stoppedMeanwhile(): PomlError {
  return new PomlError(
    "the node was stopped while it started",
    { code: "STOPPED" },
    { action: "local", remedy: "start it again" },
  );
}
