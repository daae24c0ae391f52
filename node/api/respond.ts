/** Writes replies and problems to a response, with the headers that every answer has. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PROBLEM_TYPE, type Problem } from "./contract/problem.ts";
import type { BodyReply } from "./route.ts";

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  // WebAssembly, for the hashes of the light client; not eval.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const JSON_TYPE = "application/json; charset=utf-8";

/** Deliberately without cross-origin headers: pages of other origins cannot read answers. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export function respond(response: ServerResponse, reply: BodyReply): void {
  const body = "json" in reply ? JSON.stringify(reply.json) : reply.bytes;
  const type = "json" in reply ? JSON_TYPE : reply.type;
  response.statusCode = reply.status ?? 200;
  response.setHeader("cache-control", "no-store");
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.setHeader("content-type", type);
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(response.req.method === "HEAD" ? undefined : body);
}

/** @param bytes undefined: the client already has them */
export function respondOfHead(
  response: ServerResponse,
  { etag, bytes }: { readonly etag: string; readonly bytes: string | undefined },
): void {
  const headers = { etag, "cache-control": "no-cache" };
  if (bytes === undefined) response.writeHead(304, headers).end();
  else respond(response, { bytes, type: JSON_TYPE, headers });
}

export function respondProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (problem.status === 401) response.setHeader("www-authenticate", 'Bearer realm="poml"');
  if (problem.status === 429 || problem.status === 503) {
    response.setHeader("retry-after", problem.retryAfter ?? 1);
  }
  // It is not worth keeping the connection for the rest of a refused body.
  if (hasBody(response.req) && !response.req.complete) response.setHeader("connection", "close");
  const { status } = problem;
  respond(response, { status, bytes: JSON.stringify(problem), type: PROBLEM_TYPE });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}
