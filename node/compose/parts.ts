/** The parts of a node in one list: started in its order, stopped in reverse. Nobody writes a second order by hand. */
import { PomlError } from "../../chain/errors.ts";
import type { NodeLog } from "../telemetry/log.ts";

export interface Part {
  /** For the log. */
  readonly name: string;
  start?(): void | Promise<void>;
  /** Is also called when `start` failed or was never called. */
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

  /** Stops everything again when a part fails. @throws what that part threw; PomlError STOPPED */
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
   * Waits for the part that is starting. A part that fails to stop is logged and the others are stopped all the same.
   * @throws what the first of them threw
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

/** What `build` makes of something that is open already, which is closed again when that fails. */
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
