/** Running digests: what of a stretch of nonces nobody knows without having hashed all of it. */

/** That of both parts together. */
export function addRunning(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from(a, (byte, at) => byte ^ (b[at] ?? 0));
}
