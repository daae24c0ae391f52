/**
 * One byte string per JSON value: keys sorted by code unit, no white space, UTF-8. What is hashed
 * is what is written.
 */

/** Numbers are written as ECMAScript does, so equal values give equal bytes everywhere. */
export function canonicalJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(sorted(value)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
