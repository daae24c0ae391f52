/**
 * One route: method, path, input, answer, and handler. The same value is mounted on express, guarded and documented, so
 * these three cannot diverge.
 */
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { ServedFile } from "../blobs/served-file.ts";
import { firstFault } from "../first-fault.ts";
import { apiError } from "./api-error.ts";

export type Reply = BodyReply | FileReply;

/** Bytes that never change, named by their hash; sent in pieces. */
export interface FileReply {
  readonly file: ServedFile;
  readonly type: string;
}

export type BodyReply = {
  /** Default 200. */
  readonly status?: number;
  /** Tokens that the caller must pay in addition, because this answer cost more than the route's own tokens. */
  readonly tokens?: number;
  readonly headers?: Readonly<Record<string, string>>;
} & ({ readonly json: unknown } | { readonly bytes: Uint8Array | string; readonly type: string });

/** A request as handlers see it; `query` and `body` have been checked against their schemas. */
export interface Call<Q = unknown, B = unknown> {
  /** Named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** The content type in lower case, without parameters. */
  readonly mediaType: string;
  header(name: string): string | undefined;
  /** The raw body, for routes without a JSON body. @throws ApiError TOO_LARGE, LENGTH… */
  bytes(limitBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The raw body as it arrives, for uploads. */
  stream<T>(take: (from: Readable) => Promise<T>): Promise<T>;
  /** Size of the body, if the client announces it. */
  readonly announcedBytes: number | undefined;
  /**
   * Takes tokens before expensive work, if only the handler knows the cost.
   * @throws ApiError TOO_MANY_REQUESTS
   */
  pay(tokens: number): void;
  /** Fires when the client leaves before it has its answer. */
  readonly gone: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly description: string;
  readonly type?: string;
  /** Absent for bodies that are not JSON. */
  readonly schema?: z.ZodType;
}

interface RouteFacts {
  readonly method: "get" | "post" | "patch" | "delete";
  /** OpenAPI form: `/v1/jobs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** The bearer token is required, because the route spends the node's money or its disk. */
  readonly token?: boolean;
  /** Bodies that are read with `bytes`, by media type. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
  /** Descriptions of the parts of the path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: readonly Answer[];
  /** The cost of an answer in tokens, about a millisecond of the main thread each; default 1. */
  readonly tokens?: number;
  /** Only a few such answers are made at a time. A raw body must have arrived before the turn: see `bodyBytes`. */
  readonly isCostly?: boolean;
  /** The largest raw body that is read before the handler is called; `bytes` then returns it at once. */
  readonly bodyBytes?: number;
  /** The answer follows only from the newest block, path and query. */
  readonly isOfHead?: boolean;
  /** Left out of the OpenAPI document: the page and its files. */
  readonly undocumented?: boolean;
}

export interface Route extends RouteFacts {
  readonly querySchema?: z.ZodType;
  readonly bodySchema?: z.ZodType;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

export interface RouteSpec<Q, B> extends RouteFacts {
  readonly query?: z.ZodType<Q>;
  /** A JSON body. */
  readonly json?: z.ZodType<B>;
  readonly handle: (call: Call<Q, B>) => Reply | Promise<Reply>;
}

/** Connects the types of a handler with its schemas. */
export function route<Q = undefined, B = undefined>(spec: RouteSpec<Q, B>): Route {
  const { query, json, handle, ...facts } = spec;
  return {
    ...facts,
    ...(query === undefined ? {} : { querySchema: query }),
    ...(json === undefined ? {} : { bodySchema: json }),
    handle: handle as Route["handle"],
  };
}

/** `/v1/jobs/{id}` as express writes it. */
export function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

/**
 * Checks a value against a schema.
 * @throws ApiError BAD_REQUEST that names the first field at fault
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, reason } = firstFault(parsed.error, where);
  throw apiError(400, "BAD_REQUEST", `${field}: ${reason}`, {
    field,
    remedy: `correct ${field}; GET /openapi.json describes this request`,
  });
}
