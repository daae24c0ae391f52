/** A node that is in the genesis of a chain. */
import { POML } from "../../chain/amount.ts";
import { keyPairFromSeed } from "../../chain/crypto/keys.ts";
import type { GenesisNode } from "../../chain/types/genesis.ts";
import { OnionKeeper } from "../../node/consensus/onion-keeper.ts";

export interface FounderOptions {
  /** Default: "node". */
  readonly name?: string;
  /** Default: none. */
  readonly endpoint?: string;
  /** Micro-POML; default 100 POML. */
  readonly bond?: bigint;
  /** Default: 10,000,000. */
  readonly capacity?: bigint;
}

/** @param seed of its key, from which its onions come, too */
export function founder(
  seed: Uint8Array,
  { name = "node", endpoint = "", bond = 100n * POML, capacity = 10_000_000n }: FounderOptions = {},
): GenesisNode {
  return {
    publicKey: keyPairFromSeed(seed).publicKey,
    name: new TextEncoder().encode(name),
    endpoint: new TextEncoder().encode(endpoint),
    bond,
    ...new OnionKeeper(seed).top(),
    capacity,
  };
}
