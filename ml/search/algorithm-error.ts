/** Why a module is no algorithm, or why it cannot do a task. */
import { PomlError } from "../../chain/errors.ts";

export type AlgorithmFacts =
  | { readonly code: "ALGORITHM_MALFORMED"; readonly reason: string }
  | {
      readonly code: "ALGORITHM_TOO_LARGE";
      readonly what: "bytes" | "locals";
      readonly count: number;
      readonly limit: number;
    }
  | { readonly code: "ALGORITHM_IMPORTS"; readonly imports: readonly string[] }
  | {
      readonly code: "ALGORITHM_EXPORT";
      readonly name: string;
      readonly expected: string;
      readonly actual: string;
    }
  | { readonly code: "ALGORITHM_MEMORY"; readonly reason: string; readonly limit: number }
  | {
      readonly code: "ALGORITHM_INSTRUCTION";
      readonly instruction: string;
      /** Index of the function; a module has no imports that would count. */
      readonly function: number;
      /** Offset in the module, in bytes. */
      readonly offset: number;
    }
  | { readonly code: "ALGORITHM_RECURSION"; readonly function: number }
  | { readonly code: "ALGORITHM_TRAPPED"; readonly call: string; readonly reason: string }
  | {
      readonly code: "ALGORITHM_ENDLESS";
      readonly what: "time" | "cpu" | "memory";
      readonly limit: number;
    }
  | { readonly code: "ALGORITHM_RESULT"; readonly reason: string }
  | { readonly code: "ALGORITHM_COST"; readonly stated: number; readonly cost: number }
  | { readonly code: "ALGORITHM_UNKNOWN"; readonly hash: string }
  | { readonly code: "BAD_SEARCH_TASK"; readonly field: string; readonly reason: string };

export class AlgorithmError extends PomlError<AlgorithmFacts> {}

export function malformed(reason: string): AlgorithmError {
  return new AlgorithmError(
    `the module cannot be read: ${reason}`,
    { code: "ALGORITHM_MALFORMED", reason },
    { remedy: "compile it again as WebAssembly 2.0, without newer proposals" },
  );
}

export function tooLarge(what: "bytes" | "locals", count: number, limit: number): AlgorithmError {
  return new AlgorithmError(
    `the module has ${count} ${what}, ${limit} are allowed`,
    { code: "ALGORITHM_TOO_LARGE", what, count, limit },
    { remedy: "leave out what the search does not need, and unroll less" },
  );
}

export function wrongResult(reason: string): AlgorithmError {
  return new AlgorithmError(
    `the module contradicts itself: ${reason}`,
    { code: "ALGORITHM_RESULT", reason },
    { remedy: "compare it with the example in docs/search-algorithms.md" },
  );
}

export function trapped(call: string, cause: unknown): AlgorithmError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AlgorithmError(
    `the module trapped in ${call}: ${reason}`,
    { code: "ALGORITHM_TRAPPED", call, reason },
    { remedy: "see which address or division is at fault; nothing may trap", cause },
  );
}
