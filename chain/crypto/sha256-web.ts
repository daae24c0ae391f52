/** SHA-256 for browsers: their own is asynchronous, but the rules need a synchronous one. */
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** SHA-256 over the parts, one after another. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = nobleSha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}
