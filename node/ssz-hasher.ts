/**
 * Lets the SSZ trees hash with native SHA-256 instead of plain JavaScript: the same roots, many
 * hashes a call. Where no native build fits the machine, WebAssembly takes its place. Process-wide,
 * so the composition root calls it and nothing below `node/` knows.
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
