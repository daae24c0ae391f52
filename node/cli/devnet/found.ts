/** The genesis of a test network: its founders with their measured capacity, its money, its rules. */
import { POML } from "../../../chain/amount.ts";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { devnetParameters } from "../../../chain/genesis.ts";
import type { Genesis } from "../../../chain/types/genesis.ts";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import { OnionKeeper } from "../../consensus/onion-keeper.ts";
import type { Identity } from "../../wallet/key-file.ts";
import { textBytes } from "../../wallet/payload.ts";

export const FOUNDER_BOND = 1000n * POML;
const FOUNDER_BALANCE = 100n * POML;
const CLIENT_BALANCE = 1_000_000n * POML;
const TREASURY_BALANCE = 10_000_000n * POML;

/**
 * Height at which the first benchmark window opens: late enough for a node that joins at the start
 * to be on the chain by then.
 */
const FIRST_WINDOW = 24;
/** Five seconds: several segments even on a busy machine. */
const WINDOW_BLOCKS = 10;

export interface FoundOptions {
  readonly founders: readonly {
    readonly name: string;
    readonly identity: Identity;
    readonly endpoint: string;
    readonly capacity: bigint;
  }[];
  readonly client: Identity;
  readonly treasury: Identity;
  /** Unix milliseconds. */
  readonly now: number;
}

export function foundGenesis(options: FoundOptions): Genesis {
  const { founders, client, treasury, now } = options;
  return {
    name: textBytes("name", "devnet", 64),
    time: BigInt(now),
    parameters: {
      ...devnetParameters(fromHex(ENGINE_HASH)),
      windowOffset: FIRST_WINDOW,
      windowBlocks: WINDOW_BLOCKS,
    },
    accounts: [
      { address: client.address, balance: CLIENT_BALANCE },
      { address: treasury.address, balance: TREASURY_BALANCE },
      ...founders.map(({ identity }) => ({ address: identity.address, balance: FOUNDER_BALANCE })),
    ],
    nodes: founders.map(({ name, identity, endpoint, capacity }) => ({
      publicKey: identity.keyPair.publicKey,
      name: textBytes("name", name, 64),
      endpoint: textBytes("endpoint", endpoint, 256),
      bond: FOUNDER_BOND,
      ...new OnionKeeper(identity.seed).top(),
      capacity,
    })),
  };
}
