/**
 * Answers under seal. What a committee computes is the hash of a state that nobody serves; each
 * member posts it bound to its own key, so that none can repeat another's. Once the hash is shown,
 * everybody can tell whose seals were made of it.
 */
import { equalBytes, taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { ZERO_HASH } from "../types/primitive.ts";

/** @param endHash of the state the member reached */
export function sealOf(endHash: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return taggedHash("poml/seal/v1", endHash, publicKey);
}

/** @param opened the shown hash; zero = none yet */
export function isOpened({ opened }: { readonly opened: Uint8Array }): boolean {
  return !equalBytes(opened, ZERO_HASH);
}

/**
 * In place of an end state, where the replay cannot reach one: all who replay seal the same.
 * @param why what every replay of it comes to
 * @param root of the states that were committed to
 */
export function unreachable(
  why: "no-state" | "other-origin" | "other-samples" | "other-update",
  root: Uint8Array,
  segment: number,
): Uint8Array {
  const reason = new TextEncoder().encode(why);
  return taggedHash("poml/unreachable/v1", root, uint32Bytes(segment), reason);
}
