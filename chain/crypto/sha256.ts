/** SHA-256 of the node: node:crypto. Browsers take sha256-web.ts in its place (`#sha256` in package.json). */
import { createHash, hash } from "node:crypto";

/** Up to so many bytes, one call over a copy is cheaper than a hash object fed part by part. */
const ONE_CALL_BYTES = 4096;
const EMPTY = new Uint8Array(0);

/** SHA-256 over the parts one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [first = EMPTY] = parts;
  if (parts.length < 2) return new Uint8Array(hash("sha256", first, "buffer"));
  let size = 0;
  for (const part of parts) size += part.length;
  if (size > ONE_CALL_BYTES) return sha256OfParts(parts);
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return new Uint8Array(hash("sha256", joined, "buffer"));
}

function sha256OfParts(parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return new Uint8Array(digest.digest());
}
