/** Why a helper process has no result. */
import { PomlError } from "../../chain/errors.ts";

export type HelperFacts =
  /** It was ended, because the task exceeded a limit. `what` is time, cpu or memory. */
  | {
      readonly code: "HELPER_LIMIT";
      readonly task: string;
      readonly what: "time" | "cpu" | "memory";
      readonly limit: number;
    }
  /** It ended by itself, or was ended by someone else. */
  | { readonly code: "HELPER_LOST"; readonly task: string; readonly reason: string }
  /** The task threw an error; `reason` is its code. */
  | { readonly code: "HELPER_FAILED"; readonly task: string; readonly reason: string }
  | { readonly code: "HELPER_STOPPED" };

export class HelperError extends PomlError<HelperFacts> {}

/** In words, e.g. "512 MiB of memory". */
export function limitText({
  what,
  limit,
}: Pick<Extract<HelperFacts, { code: "HELPER_LIMIT" }>, "what" | "limit">): string {
  if (what === "memory") return `${Math.floor(limit / 1024 / 1024)} MiB of memory`;
  return `${limit / 1000} s of ${what === "cpu" ? "processor time" : "time"}`;
}

export function overLimit(
  task: string,
  what: "time" | "cpu" | "memory",
  limit: number,
): HelperError {
  return new HelperError(
    `${task}: it was ended because it took more than ${limitText({ what, limit })}`,
    { code: "HELPER_LIMIT", task, what, limit },
    { action: "local" },
  );
}

export function lost(task: string, reason: string): HelperError {
  return new HelperError(
    `${task}: its process ended: ${reason}`,
    { code: "HELPER_LOST", task, reason },
    { action: "local", remedy: "look for processes killed for lack of memory" },
  );
}

export function failed(task: string, reason: string, message: string): HelperError {
  return new HelperError(
    `${task}: ${message}`,
    { code: "HELPER_FAILED", task, reason },
    { action: "local" },
  );
}

export function stopped(): HelperError {
  return new HelperError("the node is stopping", { code: "HELPER_STOPPED" }, { action: "local" });
}
