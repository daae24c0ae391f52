/**
 * Runs an import in a separate process with low priority, and ends it when it takes too much time or memory. So the
 * node keeps working whatever was uploaded.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { PomlError } from "../../chain/errors.ts";
import { processUse } from "../helpers/process-use.ts";
import { MIB } from "../units.ts";
import { type ImportMessage, receivedError } from "./import-messages.ts";
import type { ImportOrder, ImportProgress } from "./import-order.ts";

export interface ImportLimits {
  readonly memoryBytes: number;
  readonly timeMs: number;
}

export const IMPORT_LIMITS: ImportLimits = {
  memoryBytes: 1536 * 1024 * 1024,
  timeMs: 30 * 60_000,
};

const MAIN = fileURLToPath(new URL("./import-process.ts", import.meta.url));
const CHECK_MS = 250;

export interface ImportControl {
  readonly onProgress: ImportProgress;
  /**
   * Called once, before the dataset is written.
   * @returns a signal that fires with the reason when there is no room for it any more
   * @throws StorageError JOB_DISK_FULL, which ends the import
   */
  readonly onSize: (bytes: number) => Promise<AbortSignal>;
  /** Ends the import at once. */
  readonly signal: AbortSignal;
}

/** @throws PomlError as importDataset; IMPORT_TOO_COSTLY, IMPORT_CRASHED, IMPORT_CANCELLED; any error of `onSize` */
export async function importInChild(
  order: ImportOrder,
  { onProgress, onSize, signal }: ImportControl,
  limits: ImportLimits = IMPORT_LIMITS,
): Promise<void> {
  if (signal.aborted) throw cancelled();
  const heapMib = Math.floor(limits.memoryBytes / MIB);
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMib}`, "--disable-warning=ExperimentalWarning", MAIN],
    { stdio: ["pipe", "ignore", "inherit", "pipe"] },
  );
  const ended = once(child, "close");
  const watch = watched(child, limits, signal);
  let outcome: ImportMessage | undefined;
  try {
    lowerPriority(child);
    child.stdin?.on("error", () => {});
    child.stdin?.write(`${JSON.stringify(order)}\n`);
    for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
      const message = JSON.parse(line) as ImportMessage;
      if (message.kind === "progress") onProgress(message.done, message.what);
      else if (message.kind === "size") {
        const room = await onSize(message.bytes);
        room.addEventListener("abort", () => watch.end(room.reason), { once: true });
        child.stdin?.write("go\n");
      } else outcome = message;
    }
    const [code, by] = (await ended) as [number | null, NodeJS.Signals | null];
    if (outcome?.kind === "done" && watch.reason === undefined) return;
    if (outcome?.kind === "refused") throw receivedError(outcome.error);
    throw watch.reason ?? crashed(outcome?.kind === "crashed" ? outcome.reason : `${by ?? code}`);
  } finally {
    watch.stop();
    child.kill("SIGKILL");
  }
}

interface Watch {
  reason: unknown;
  end(reason: unknown): void;
  stop(): void;
}

function watched(child: ChildProcess, limits: ImportLimits, signal: AbortSignal): Watch {
  const end = (reason: unknown): void => {
    watch.reason ??= reason;
    child.kill("SIGKILL");
  };
  const onAbort = (): void => end(cancelled());
  signal.addEventListener("abort", onAbort, { once: true });
  const deadline = setTimeout(
    () => end(tooCostly(`takes longer than ${Math.round(limits.timeMs / 60_000)} minutes`)),
    limits.timeMs,
  );
  const timer = setInterval(() => {
    void processUse(child.pid).then(({ residentBytes }) => {
      if (residentBytes <= limits.memoryBytes) return;
      end(tooCostly(`takes more than ${Math.floor(limits.memoryBytes / MIB)} MiB of memory`));
    });
  }, CHECK_MS);
  const watch: Watch = {
    reason: undefined,
    end,
    stop: () => {
      clearTimeout(deadline);
      clearInterval(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
  return watch;
}

function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not allow it; then it runs with normal priority.
  }
}

function tooCostly(reason: string): PomlError {
  return new PomlError(
    `the import was ended: it ${reason}`,
    { code: "IMPORT_TOO_COSTLY" },
    { remedy: "import fewer rows or columns", action: "local" },
  );
}

function cancelled(): PomlError {
  return new PomlError(
    "the import was cancelled",
    { code: "IMPORT_CANCELLED" },
    { remedy: "start it again", action: "local" },
  );
}

function crashed(reason: string): PomlError {
  return new PomlError(
    "the process of the import ended without a result",
    { code: "IMPORT_CRASHED" },
    {
      remedy: "the data may be too large for this machine: import fewer rows",
      action: "local",
      cause: new Error(reason),
    },
  );
}
