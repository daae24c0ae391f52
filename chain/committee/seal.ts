/**
 * Sealed answers. A member of a committee computes the hash of a state that nobody serves, and posts it bound to its
 * own key, so that no member can copy another's answer. Once the hash is shown, everybody can tell which seals were
 * made from it.
 */
import { equalBytes, taggedHash, uint32Bytes } from "../crypto/hash.ts";
import { ZERO_HASH } from "../types/primitive.ts";

/** @param endHash of the state that the member reached */
export function sealOf(endHash: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return taggedHash("poml/seal/v1", endHash, publicKey);
}

/** @param opened the shown hash; zero = none yet */
export function isOpened({ opened }: { readonly opened: Uint8Array }): boolean {
  return !equalBytes(opened, ZERO_HASH);
}

/**
 * Replaces an end state if the replay cannot reach one: all nodes that replay it make their seal from the same value.
 * @param why the result that every replay has
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
