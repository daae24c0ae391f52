/** A ledger's part in consensus: the builder of its blocks, the signer, and the driver of both. */
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { BlockBuilder, type BlockBuilderModules } from "../consensus/block-builder.ts";
import { ConsensusDriver, type DriverModules } from "../consensus/driver.ts";
import type { Journal } from "../consensus/journal.ts";
import { Signer } from "../consensus/signer.ts";

export type ConsensusModules = BlockBuilderModules &
  Omit<DriverModules, "signer" | "builder"> & { readonly journal: Journal };

export function createConsensus(
  { keys }: { readonly keys: KeyPair },
  { journal, ...modules }: ConsensusModules,
): ConsensusDriver {
  const { publicKey } = keys;
  const { genesisRoot } = modules.chain;
  return new ConsensusDriver({
    ...modules,
    signer: new Signer({ keys, genesisRoot }, { journal }),
    builder: new BlockBuilder({ publicKey }, modules),
  });
}
