/** Chain values as JSON: bytes to lower-case hex, bigint to decimal strings, short texts to strings. */
import { toHex } from "../../../chain/crypto/hash.ts";
import type { JsonOf } from "../contract/json-of.ts";

/** @throws TypeError for a value without JSON form, which is a mistake of the caller */
export function plain<T>(value: T): JsonOf<T> {
  return jsonOf(value) as JsonOf<T>;
}

function jsonOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonOf(part)]));
  }
  throw new TypeError(`value: expected something with a JSON form, got ${typeof value}`);
}

/** UTF-8 of `ShortText` and `Endpoint`; invalid bytes become replacement characters. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/**
 * The name of a wire value.
 * @throws RangeError for a value beyond the end of the list; decoding refuses such values
 */
export function nameOf<T extends string>(names: readonly T[], code: number): T {
  const name = names[code];
  if (name === undefined) throw new RangeError(`code: expected below ${names.length}, got ${code}`);
  return name;
}
