/** Running digests: the XOR over all digests of a stretch, which nobody can know without hashing every nonce of it. */

/** The running digest of both parts together. */
export function combineRunningDigests(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from(a, (byte, at) => byte ^ (b[at] ?? 0));
}
