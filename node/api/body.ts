/** Request bodies: the limit is checked against the announced length and again while reading. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { PomlError } from "../../chain/errors.ts";
import { reasonOf } from "../reason.ts";
import { apiError } from "./api-error.ts";
import { repeatedKey } from "./repeated-key.ts";

/** How long a refused client may continue to send, so that it can read the answer. */
const DRAIN_MS = 5000;
/** An upload that is silent for so long is given up. */
const UPLOAD_IDLE_MS = 120_000;

export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/**
 * @throws ApiError TOO_LARGE (413), UNSUPPORTED_ENCODING (415), INCOMPLETE_BODY (400)
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limitBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  requirePlain(request);
  if ((announcedBytes(request) ?? 0) > limitBytes) throw tooLarge(limitBytes);
  if (request.headers.expect !== undefined) response.writeContinue();
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request.iterator({ destroyOnReturn: false })) {
      size += (part as Buffer).length;
      if (size > limitBytes) throw tooLarge(limitBytes);
      parts.push(part as Buffer);
    }
  } catch (cause) {
    throw cutOff(request, cause);
  }
  return new Uint8Array(Buffer.concat(parts, size));
}

/**
 * Passes on a large body as it arrives, after the same checks; it is never in memory as a whole.
 * @throws ApiError as readBody, and any error of `take`
 */
export async function streamBody<T>(
  request: IncomingMessage,
  response: ServerResponse,
  take: (from: Readable) => Promise<T>,
): Promise<T> {
  requirePlain(request);
  if (request.headers.expect !== undefined) response.writeContinue();
  // A slow line or a slow disk is no reason to cut off an upload.
  request.socket.setTimeout(UPLOAD_IDLE_MS);
  try {
    return await take(request);
  } catch (cause) {
    throw cutOff(request, cause);
  }
}

/** The size a client announces; undefined for a body in chunks. */
export function announcedBytes({ headers }: IncomingMessage): number | undefined {
  const length = headers["content-length"];
  return length === undefined ? undefined : Number(length);
}

function requirePlain({ headers }: IncomingMessage): void {
  const encoding = headers["content-encoding"];
  if (encoding === undefined || encoding === "identity") return;
  throw apiError(415, "UNSUPPORTED_ENCODING", `content-encoding ${encoding} is not taken here`, {
    remedy: "send the body without content-encoding; a file may be gzip itself",
  });
}

function cutOff(request: IncomingMessage, cause: unknown): unknown {
  if (!request.destroyed || request.complete || cause instanceof PomlError) return cause;
  return apiError(400, "INCOMPLETE_BODY", "the connection closed before the body was complete", {
    cause,
  });
}

/** No request of this API has deeper JSON, and it would exhaust the stack of functions that walk through it. */
const MAX_JSON_DEPTH = 100;

/** @throws ApiError MALFORMED_JSON with the place of the mistake; also for a name that appears twice */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed("the body is not UTF-8", cause);
  }
  requireShallow(text);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const reason = reasonOf(cause);
    const place = reason.includes(" position ") ? "" : ` at position ${text.length}`;
    throw malformed(`the body is not JSON: ${reason}${place}`, cause);
  }
  const twice = repeatedKey(text);
  if (twice === undefined) return json;
  throw apiError(400, "MALFORMED_JSON", `an object names ${shownKey(twice)} more than once`, {
    field: twice.slice(0, 100),
    remedy: "name every member once",
  });
}

function shownKey(key: string): string {
  return JSON.stringify(key.slice(0, 100));
}

function requireShallow(text: string): void {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isQuoted) {
      if (character === "\\") at++;
      else if (character === '"') isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === "[" || character === "{") {
      if (++depth > MAX_JSON_DEPTH) {
        throw malformed(
          `the JSON is nested deeper than ${MAX_JSON_DEPTH} at position ${at}`,
          undefined,
        );
      }
    } else if (character === "]" || character === "}") depth--;
  }
}

/** Reads the rest of a refused upload for a while and drops it, so that the client receives the answer. */
export function drain(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.destroy(), DRAIN_MS);
  timer.unref();
  request.once("close", () => clearTimeout(timer));
  request.resume();
}

function tooLarge(limitBytes: number): Error {
  return apiError(413, "TOO_LARGE", `the body is above the limit of ${limitBytes} bytes`, {
    remedy: "send less; the limit of uploads is api.uploadMib in the node's configuration",
  });
}

function malformed(message: string, cause: unknown): Error {
  return apiError(400, "MALFORMED_JSON", message, {
    cause,
    remedy: "correct the JSON at the named position",
  });
}
