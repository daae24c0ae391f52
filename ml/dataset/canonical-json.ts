/**
 * One byte string for each JSON value, by RFC 8785 (JSON Canonicalization Scheme): keys in the order of their UTF-16
 * code units, no white space, numbers and strings as ECMAScript writes them, UTF-8. The bytes that are written are the
 * bytes that are hashed, and a reader accepts no other bytes for the same value.
 */
import { PomlError } from "../../chain/errors.ts";

export type CanonicalJsonFacts = { code: "NOT_CANONICAL_JSON"; reason: string };
export class CanonicalJsonError extends PomlError<CanonicalJsonFacts> {}

/** Deeper values would need more stack than a reader may use. */
const MAX_DEPTH = 64;
const HALF_PAIR = /\p{Surrogate}/u;

/**
 * @param value a JSON value; members that are undefined count as absent
 * @throws CanonicalJsonError for numbers that are not finite, text with half a surrogate pair, and anything that is no
 * JSON
 */
export function canonicalJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(encode(value, 0));
}

/**
 * Reads bytes that must be canonical. Refused are a byte order mark, spaces, repeated or unsorted keys, other spellings
 * of a number or a text, and anything before or after the value.
 * @throws CanonicalJsonError
 */
export function parseCanonicalJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    // Without this option the decoder would remove a byte order mark.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse("it is not JSON in UTF-8", cause);
  }
  const canonical = canonicalJson(value);
  const at = firstDifference(canonical, bytes);
  if (at === undefined) return value;
  throw refuse(
    `it differs from the canonical form at byte ${at}: ${JSON.stringify(excerpt(bytes, at))} stands where ${JSON.stringify(excerpt(canonical, at))} should`,
  );
}

function encode(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw refuse(`it is nested more than ${MAX_DEPTH} levels deep`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw refuse("a number is not finite");
    // As ECMAScript writes it, which RFC 8785 prescribes; -0 is 0.
    return JSON.stringify(value);
  }
  if (typeof value === "string") return encodeText(value);
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item) => encode(item, depth + 1)).join(",")}]`;
  }
  if (!isPlain(value)) throw refuse(`it cannot hold a ${typeof value}`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${encodeText(key)}:${encode(member, depth + 1)}`);
  return `{${members.join(",")}}`;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function encodeText(text: string): string {
  if (!HALF_PAIR.test(text)) return JSON.stringify(text);
  throw refuse(`a text holds half a surrogate pair: ${JSON.stringify(text.slice(0, 40))}`);
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const length = Math.max(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return undefined;
}

function excerpt(bytes: Uint8Array, at: number): string {
  return new TextDecoder().decode(bytes.subarray(at, at + 24)) || "the end";
}

function refuse(reason: string, cause?: unknown): CanonicalJsonError {
  return new CanonicalJsonError(
    `not canonical JSON (RFC 8785): ${reason}`,
    { code: "NOT_CANONICAL_JSON", reason },
    { remedy: "use the bytes as the node gave them; do not format them again", cause },
  );
}
