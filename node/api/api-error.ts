/** Errors of the API on both sides of the wire: a server throws them, a client rebuilds them from the answer. */
import { type ErrorOptions, PomlError } from "../../chain/errors.ts";
import type { Problem } from "./contract/problem.ts";

export interface ApiFacts {
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly field?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

export class ApiError extends PomlError<ApiFacts> {
  get status(): number {
    return this.facts.status;
  }

  get field(): string | undefined {
    return this.facts.field;
  }
}

/** The error for a problem document. */
export function errorOfProblem(problem: Problem): ApiError {
  const { code, status, field, detail, remedy, retryAfter } = problem;
  const facts = { code, status, ...given({ field, retryAfter }) };
  return new ApiError(detail, facts, remedy === undefined ? {} : { remedy });
}

/** A refusal of the API itself, before or around the services. */
export function apiError(
  status: number,
  code: string,
  message: string,
  options: ErrorOptions & { readonly field?: string; readonly retryAfter?: number } = {},
): ApiError {
  const { field, retryAfter, ...rest } = options;
  const facts = { code, status, ...given({ field, retryAfter }) };
  return new ApiError(message, facts, { action: "local", ...rest });
}

function given(facts: {
  readonly field: string | undefined;
  readonly retryAfter: number | undefined;
}): Pick<ApiFacts, "field" | "retryAfter"> {
  const { field, retryAfter } = facts;
  return {
    ...(field === undefined ? {} : { field }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}
