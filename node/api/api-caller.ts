/** Sends requests to a node, and accepts an answer only if it fits the contract. */
import { z } from "zod";
import { fromHex } from "../../chain/crypto/hash.ts";
import { reasonOf } from "../reason.ts";
import { ApiError } from "./api-error.ts";
import { type Exchange, requestBytes } from "./http-request.ts";

/** Deadline of uploads, model downloads and job preparation, which move or hash megabytes. */
const LONG_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 30_000;
const MAX_JSON_BYTES = 64 * 1024 * 1024;
const MAX_FILE_BYTES = 1024 * 1024 * 1024;

export interface CallOptions {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Every method throws ApiError: the node's own error, BAD_ANSWER, or an error of the connection. */
export class ApiCaller {
  readonly #exchange: Exchange;
  readonly #timeoutMs: number;

  /** @param timeoutMs deadline of one request, default 30,000 */
  constructor(exchange: Exchange, timeoutMs: number = TIMEOUT_MS) {
    this.#exchange = exchange;
    this.#timeoutMs = timeoutMs;
  }

  get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.call(path, schema, {});
  }

  /** With the long deadline. */
  postJson<T>(
    path: string,
    schema: z.ZodType<T>,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    return this.call(path, schema, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
      timeoutMs: LONG_TIMEOUT_MS,
    });
  }

  /** @param bytes SSZ */
  postBytes<T>(path: string, schema: z.ZodType<T>, bytes: Uint8Array): Promise<T> {
    return this.call(path, schema, {
      method: "POST",
      body: new Uint8Array(bytes),
      headers: { "content-type": "application/octet-stream" },
    });
  }

  async call<T>(path: string, schema: z.ZodType<T>, options: CallOptions): Promise<T> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const bytes = await requestBytes(this.#exchange, path, {
      ...options,
      timeoutMs,
      limitBytes: MAX_JSON_BYTES,
    });
    let json: unknown;
    try {
      json = JSON.parse(new TextDecoder().decode(bytes));
    } catch (cause) {
      throw badAnswer(path, reasonOf(cause), cause);
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) throw badAnswer(path, z.prettifyError(parsed.error), parsed.error);
    return parsed.data;
  }

  file(path: string): Promise<Uint8Array> {
    return requestBytes(this.#exchange, path, {
      timeoutMs: LONG_TIMEOUT_MS,
      limitBytes: MAX_FILE_BYTES,
    });
  }
}

/**
 * The decoded form of a hex answer.
 * @throws ApiError BAD_ANSWER
 */
export function decoded<V>(path: string, decode: (bytes: Uint8Array) => V, hex: string): V {
  try {
    return decode(fromHex(hex));
  } catch (cause) {
    throw badAnswer(path, reasonOf(cause), cause);
  }
}

export function badAnswer(path: string, reason: string, cause: unknown): ApiError {
  return new ApiError(
    `the answer to ${path} is not what the contract says: ${reason}`,
    { code: "BAD_ANSWER", status: 0 },
    { cause, remedy: "check that the URL is a PoML node of this version" },
  );
}

/** Encodes a part of a path. */
export function segment(value: number | string): string {
  return encodeURIComponent(String(value));
}

/** The values that are defined, as a query string. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? "" : `?${search}`;
}
