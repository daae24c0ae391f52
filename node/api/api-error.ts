/** What the API refuses, on both sides of the wire: a server throws it, a client rebuilds it from the answer. */
import { type ErrorOptions, PomlError } from "../../chain/errors.ts";
import type { Problem } from "./contract/problem.ts";

export interface ApiFacts {
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly field?: string;
}

export class ApiError extends PomlError<ApiFacts> {
  get status(): number {
    return this.facts.status;
  }

  get field(): string | undefined {
    return this.facts.field;
  }
}

/** The error a problem document stands for. */
export function errorOfProblem(problem: Problem): ApiError {
  const { code, status, field, detail, remedy } = problem;
  const facts = field === undefined ? { code, status } : { code, status, field };
  return new ApiError(detail, facts, remedy === undefined ? {} : { remedy });
}

/** A refusal of the API itself, before or around the services. */
export function apiError(
  status: number,
  code: string,
  message: string,
  options: ErrorOptions & { readonly field?: string } = {},
): ApiError {
  const { field, ...rest } = options;
  return new ApiError(message, field === undefined ? { code, status } : { code, status, field }, {
    action: "local",
    ...rest,
  });
}
