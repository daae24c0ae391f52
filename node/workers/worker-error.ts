/** What can go wrong between a node and its workers. */
import { PomlError } from "../../chain/errors.ts";

/** Why a node refuses a worker. */
export type Refusal = "token" | "path" | "version" | "engine" | "no-hello";

export type WorkerFacts =
  | { readonly code: "BAD_FRAME"; readonly reason: string }
  /** A well-formed message at the wrong time, or with contents that violate the rules. */
  | { readonly code: "PROTOCOL"; readonly reason: string }
  /** An order whose parts do not fit together. */
  | { readonly code: "BAD_TASK"; readonly field: string; readonly reason: string }
  | { readonly code: "REFUSED"; readonly refusal: Refusal }
  | { readonly code: "BAD_URL"; readonly url: string }
  | { readonly code: "UNREACHABLE"; readonly reason: string }
  | { readonly code: "LINK_LOST"; readonly worker: string; readonly reason: string }
  | { readonly code: "ATTEMPTS"; readonly kind: string; readonly attempts: number }
  | { readonly code: "DEADLINE"; readonly kind: string; readonly deadlineMs: number }
  /** The task failed on the worker; `reason` is the code of the error there. */
  | {
      readonly code: "TASK_FAILED";
      readonly kind: string;
      readonly worker: string;
      readonly reason: string;
    }
  /** A part of a remote worker's result differs from the result of this machine. */
  | { readonly code: "SPOT_CHECK"; readonly worker: string; readonly what: string }
  | {
      readonly code: "TOO_LARGE";
      readonly what: string;
      readonly limit: number;
      readonly actual: number;
    }
  /** The request was ended while it waited in the queue. */
  | { readonly code: "NO_WORKER" }
  | { readonly code: "STOPPED" };

export class WorkerError extends PomlError<WorkerFacts> {}

export function isWorkerCode(
  error: unknown,
  ...codes: WorkerFacts["code"][]
): error is WorkerError {
  return error instanceof WorkerError && codes.includes(error.code);
}

export function badFrame(reason: string, cause?: unknown): WorkerError {
  const facts = { code: "BAD_FRAME", reason } as const;
  return new WorkerError(`worker link, frame: ${reason}`, facts, { cause });
}

export function breach(reason: string): WorkerError {
  return new WorkerError(`worker link: ${reason}`, { code: "PROTOCOL", reason });
}

/** @throws WorkerError TOO_LARGE when `actual` is above `limit` */
export function requireWithin(what: string, actual: number, limit: number): void {
  if (actual <= limit) return;
  throw new WorkerError(
    `${what}: ${actual} is above the limit of ${limit}`,
    { code: "TOO_LARGE", what, limit, actual },
    { remedy: "use a smaller model, or fewer or smaller chunks per participant" },
  );
}

export function badTask(field: string, reason: string, cause?: unknown): WorkerError {
  const facts = { code: "BAD_TASK", field, reason } as const;
  const remedy = "use a model made for the shape and the classes of the dataset";
  return new WorkerError(`task, field ${field}: ${reason}`, facts, { remedy, cause });
}
