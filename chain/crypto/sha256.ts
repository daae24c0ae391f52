/** SHA-256 of the node, from node:crypto. Browsers use sha256-web.ts instead (`#sha256` in package.json). */
import { createHash, hash } from "node:crypto";

/** Up to this size, one call over a copy is cheaper than a hash object that is fed part by part. */
const ONE_CALL_BYTES = 4096;
const EMPTY = new Uint8Array(0);

/** SHA-256 over the parts, one after another. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [first = EMPTY] = parts;
  if (parts.length < 2) return digestOf(first);
  let size = 0;
  for (const part of parts) size += part.length;
  if (size > ONE_CALL_BYTES) return sha256OfParts(parts);
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return digestOf(joined);
}

/**
 * The result passes through a text with one character for each byte, because making a Buffer takes longer than hashing.
 */
function digestOf(bytes: Uint8Array): Uint8Array {
  const text = hash("sha256", bytes, "binary");
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i);
  return digest;
}

function sha256OfParts(parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return new Uint8Array(digest.digest());
}
