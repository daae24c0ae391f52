/** The algorithms that come with the program, each known by the hash of its module. */
import { sha256, toHex } from "../../chain/crypto/hash.ts";
import { Algorithm } from "./algorithm.ts";
import { AlgorithmError } from "./algorithm-error.ts";
import { ALGORITHM_HASHES } from "./algorithm-hashes.ts";

export type ShippedName = keyof typeof ALGORITHM_HASHES;

export interface ShippedAlgorithm {
  readonly name: ShippedName;
  readonly hash: string;
  /** Number of nonces that are hashed side by side. */
  readonly lanes: number;
  readonly digest: string;
}

const ABOUT: Readonly<Record<ShippedName, Pick<ShippedAlgorithm, "lanes" | "digest">>> = {
  sha256: { lanes: 4, digest: "SHA-256 of the message" },
  sha256d: { lanes: 4, digest: "SHA-256 of the SHA-256 of the message" },
  blake2b: { lanes: 2, digest: "first 32 bytes of BLAKE2b-512 of the message" },
};

export const SHIPPED: readonly ShippedAlgorithm[] = (
  Object.keys(ALGORITHM_HASHES) as ShippedName[]
).map((name) => ({ name, hash: ALGORITHM_HASHES[name], ...ABOUT[name] }));

/** @param nameOrHash e.g. `sha256d`, or the hash of a module as hex */
export function findShipped(nameOrHash: string): ShippedAlgorithm | undefined {
  return SHIPPED.find(({ name, hash }) => name === nameOrHash || hash === nameOrHash);
}

/**
 * @param bytes contents of the module's file; read from beside this file when absent
 * @throws AlgorithmError ALGORITHM_UNKNOWN when the bytes have another hash
 */
export async function openShipped(name: ShippedName, bytes?: Uint8Array): Promise<Algorithm> {
  const module = bytes ?? (await shippedModule(name));
  const hash = toHex(sha256(module));
  if (hash !== ALGORITHM_HASHES[name]) {
    throw new AlgorithmError(
      `algorithms/${name}.wasm is not the shipped algorithm: its SHA-256 is ${hash}`,
      { code: "ALGORITHM_UNKNOWN", hash },
      { action: "local", remedy: "reinstall poml" },
    );
  }
  return Algorithm.open(module);
}

/** Imported on demand, so that a page which fetches the modules can load this file. */
export async function shippedModule(name: ShippedName): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  return readFile(new URL(`./algorithms/${name}.wasm`, import.meta.url));
}
