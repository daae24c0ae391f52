/** Request bodies: the limit is checked against the announced length and again while reading. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { apiError } from "./api-error.ts";
import { reasonOf } from "./reason.ts";

/** How long a client may go on sending after it was refused, so that it can read the answer. */
const DRAIN_MS = 5000;

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
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw apiError(415, "UNSUPPORTED_ENCODING", `content-encoding ${encoding} is not taken here`, {
      remedy: "send the body without content-encoding",
    });
  }
  if (Number(request.headers["content-length"] ?? 0) > limitBytes) throw tooLarge(limitBytes);
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
    if (request.destroyed && !request.complete) {
      throw apiError(400, "INCOMPLETE_BODY", "the connection closed before the body was complete", {
        cause,
      });
    }
    throw cause;
  }
  return new Uint8Array(Buffer.concat(parts, size));
}

/** @throws ApiError MALFORMED_JSON with the place of the mistake */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed("the body is not UTF-8", cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = reasonOf(cause);
    const place = reason.includes(" position ") ? "" : ` at position ${text.length}`;
    throw malformed(`the body is not JSON: ${reason}${place}`, cause);
  }
}

/** Lets a refused upload run into the void for a while instead of cutting the answer off. */
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
