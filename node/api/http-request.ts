/**
 * One HTTP exchange over fetch: deadline, size limit, and problem documents converted to `ApiError`. If the node asks
 * for a pause (429), the request is repeated after the pause, as far as the deadline allows.
 */
import { setTimeout as delay } from "node:timers/promises";
import { reasonOf } from "../reason.ts";
import { ApiError, errorOfProblem } from "./api-error.ts";
import { Problem } from "./contract/problem.ts";

const MAX_PAUSES = 5;

export interface Exchange {
  readonly baseUrl: string;
  readonly token?: string | undefined;
}

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** The largest accepted answer. */
  readonly limitBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The body of a 2xx answer.
 * @throws ApiError with the server's code, or UNREACHABLE, TIMEOUT, ANSWER_TOO_LARGE
 */
export async function requestBytes(
  exchange: Exchange,
  path: string,
  options: RequestOptions,
): Promise<Uint8Array> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal =
    options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  for (let pauses = 0; ; pauses++) {
    try {
      return await requestOnce(exchange, path, { ...options, signal });
    } catch (error) {
      const seconds = error instanceof ApiError ? pauseOf(error) : undefined;
      if (seconds === undefined || pauses >= MAX_PAUSES) throw error;
      await delay(seconds * 1000, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}

/** The pause in seconds that the node asks for; it did not process the request. */
function pauseOf({ status, facts }: ApiError): number | undefined {
  return status === 429 ? facts.retryAfter : undefined;
}

async function requestOnce(
  { baseUrl, token }: Exchange,
  path: string,
  options: RequestOptions & { readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const { method = "GET", body, signal, limitBytes } = options;
  const headers = new Headers(options.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  try {
    const answer = await fetch(`${baseUrl}${path}`, {
      method,
      headers,
      signal,
      redirect: "error",
      ...(body === undefined ? {} : { body }),
    });
    const bytes = await readLimited(answer, path, limitBytes);
    if (!answer.ok) throw refusal(answer, bytes);
    return bytes;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw signal.aborted ? timedOut(baseUrl, path, error) : unreachable(baseUrl, error);
  }
}

async function readLimited(answer: Response, path: string, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > limit) {
      throw new ApiError(`the answer to ${path} is above ${limit} bytes`, {
        code: "ANSWER_TOO_LARGE",
        status: answer.status,
      });
    }
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts, size));
}

function refusal(answer: Response, bytes: Uint8Array): ApiError {
  const text = new TextDecoder().decode(bytes);
  try {
    return errorOfProblem(Problem.parse(JSON.parse(text)));
  } catch (cause) {
    return new ApiError(
      `the node answered ${answer.status} ${answer.statusText}`,
      { code: "BAD_ANSWER", status: answer.status },
      { cause, remedy: "check that the URL is a PoML node's API" },
    );
  }
}

function timedOut(baseUrl: string, path: string, cause: unknown): ApiError {
  return new ApiError(
    `no answer from ${baseUrl} to ${path} in time`,
    { code: "TIMEOUT", status: 0 },
    { cause, remedy: "try again, or give it longer" },
  );
}

function unreachable(baseUrl: string, error: unknown): ApiError {
  const cause = error instanceof Error ? error.cause : undefined;
  return new ApiError(
    `cannot reach ${baseUrl}: ${reasonOf(cause ?? error)}`,
    { code: "UNREACHABLE", status: 0 },
    { cause: error, remedy: "check that the node runs and that the URL is its API address" },
  );
}
