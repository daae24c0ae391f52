/**
 * Lets the SSZ trees hash with WebAssembly instead of plain JavaScript: the same roots in about 40 %
 * of the time. Process-wide, so the composition root calls it and nothing below `node/` knows.
 */
import { setHasher } from "@chainsafe/persistent-merkle-tree";
import { hasher } from "@chainsafe/persistent-merkle-tree/hasher/as-sha256";

export function useFastHasher(): void {
  setHasher(hasher);
}
