/**
 * Makes the SSZ trees hash with native SHA-256 instead of plain JavaScript: the roots are the same, and one call
 * computes many hashes. Where no native build fits the machine, WebAssembly is used. It is process-wide, so the
 * composition root calls it, and no other code knows about it.
 */
import { type Hasher, setHasher } from "@chainsafe/persistent-merkle-tree";

export async function useFastHasher(): Promise<void> {
  setHasher(await fastHasher());
}

async function fastHasher(): Promise<Hasher> {
  try {
    return (await import("@chainsafe/persistent-merkle-tree/hasher/hashtree")).hasher;
  } catch {
    return (await import("@chainsafe/persistent-merkle-tree/hasher/as-sha256")).hasher;
  }
}
