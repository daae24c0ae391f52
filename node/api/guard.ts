/**
 * The checks of a request: names in Host (a web page must not reach a loopback node through a name of its own, "DNS
 * rebinding"), the origin of upgrades, the bearer token, and the rate.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { apiError } from "./api-error.ts";

/** @throws ApiError HOST_NOT_ALLOWED unless Host is an address, localhost or a configured name */
export function checkHost(request: IncomingMessage, allowedHosts: readonly string[]): void {
  const host = request.headers.host ?? "";
  const name = hostName(host);
  if (isIP(name) !== 0 || name === "localhost" || allowedHosts.includes(name)) return;
  throw apiError(421, "HOST_NOT_ALLOWED", `this node does not answer for ${quoted(host)}`, {
    field: "Host",
    remedy: "use the node's address, or add the name to api.hosts (--api-hosts, POML_API_HOSTS)",
  });
}

/** Browsers allow any page to open a WebSocket to any host; only pages of this node may. */
export function checkOrigin(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw apiError(403, "ORIGIN_NOT_ALLOWED", `pages of ${quoted(origin)} may not connect here`, {
    field: "Origin",
    remedy: "connect from a page this node serves, or from a program",
  });
}

/** Compares digests, so that the time reveals neither length nor prefix of the token. */
export function checkToken(request: IncomingMessage, token: string): void {
  const remedy =
    'send "Authorization: Bearer <token>"; its owner finds it in api-token of the node\'s data directory';
  const field = "Authorization";
  const header = request.headers.authorization;
  if (header === undefined) {
    throw apiError(401, "TOKEN_MISSING", "this route needs the node's API token", {
      field,
      remedy,
    });
  }
  if (!hasToken(request, token)) {
    throw apiError(401, "TOKEN_WRONG", "the token is not this node's API token", { field, remedy });
  }
}

export function hasToken({ headers }: IncomingMessage, token: string): boolean {
  const [scheme, value = ""] = (headers.authorization ?? "").split(" ", 2);
  const equal = timingSafeEqual(digest(value), digest(token));
  return scheme?.toLowerCase() === "bearer" && token !== "" && equal;
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Without port, brackets and case. */
function hostName(host: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d+$/, "")).toLowerCase();
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
