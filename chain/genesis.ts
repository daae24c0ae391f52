/** From a genesis to the first head, and the parameter sets chains start with. */
import type { Head } from "./apply-block.ts";
import { addressOf, formatAddress } from "./crypto/address.ts";
import { checkPublicKey } from "./crypto/keys.ts";
import { genesisMix } from "./draw/mix.ts";
import { PomlError } from "./errors.ts";
import { drawSeats } from "./rating/weight.ts";
import { State } from "./state/state.ts";
import { Genesis, type Parameters } from "./types/genesis.ts";
import { ZERO_HASH } from "./types/primitive.ts";

/** One POML in micro-units. */
export const POML = 1_000_000n;

export class GenesisError extends PomlError<{ code: "BAD_GENESIS"; field: string }> {
  constructor(field: string, reason: string) {
    super(`genesis ${field}: ${reason}`, { code: "BAD_GENESIS", field });
  }
}

/** Parameters of a long-running chain with one-second blocks. */
export function standardParameters(exactEngine: Uint8Array): Parameters {
  return {
    blockIntervalMs: 1000,
    epochBlocks: 64,
    maxSeats: 100,
    maxBlockBytes: 1_048_576,
    feeFloor: 1000n,
    feeCap: 100n * POML,
    feeRate: 15_000,
    bondPerRating: 1n,
    minBond: 10n * POML,
    windowInterval: 86_400,
    windowOffset: 64,
    windowBlocks: 120,
    claimBlocks: 20,
    verdictBlocks: 60,
    verifiers: 3,
    segmentSteps: 1250,
    minPricePerSample: 1n,
    managerShare: 100_000,
    maxExtensions: 2,
    exactEngine,
  };
}

/** The same rules in seconds instead of hours. */
export function devnetParameters(exactEngine: Uint8Array): Parameters {
  return {
    ...standardParameters(exactEngine),
    blockIntervalMs: 500,
    epochBlocks: 16,
    windowInterval: 600,
    windowOffset: 10,
    windowBlocks: 6,
    claimBlocks: 4,
    verdictBlocks: 12,
    verifiers: 2,
    segmentSteps: 60,
  };
}

export function genesisRoot(genesis: Genesis): Uint8Array {
  return Genesis.hashTreeRoot(genesis);
}

/**
 * The head before block 1.
 * @throws GenesisError
 */
export function genesisHead(genesis: Genesis): Head {
  const addresses = new Set<string>();
  for (const { address } of genesis.accounts) {
    const text = formatAddress(address);
    if (addresses.has(text)) throw new GenesisError("accounts", `${text} is listed twice`);
    addresses.add(text);
  }
  const keys = new Set<string>();
  for (const node of genesis.nodes) {
    checkPublicKey(node.publicKey);
    const text = formatAddress(addressOf(node.publicKey));
    if (keys.has(text)) throw new GenesisError("nodes", `${text} is listed twice`);
    keys.add(text);
    if (node.bond < genesis.parameters.minBond) {
      throw new GenesisError("nodes", `bond of ${text} is below the minimum`);
    }
  }
  if (genesis.parameters.epochBlocks === 0)
    throw new GenesisError("parameters", "epochBlocks is 0");
  const root = genesisRoot(genesis);
  const parts = {
    meta: {
      height: 0,
      time: genesis.time,
      mix: genesisMix(root),
      burned: 0n,
      windowOpened: 0n,
      windowClosed: 0n,
      windowMix: ZERO_HASH,
      parameters: genesis.parameters,
    },
    seats: [],
    nextSeats: [],
    claims: [],
    accounts: genesis.accounts.map(({ address, balance }) => ({ address, balance, nonce: 0 })),
    nodes: genesis.nodes.map((node) => ({
      publicKey: node.publicKey,
      name: node.name,
      endpoint: node.endpoint,
      bond: node.bond,
      capacity: node.capacity,
      rating: node.capacity,
      ratedWindow: 0,
      lastWindow: 0,
      onion: node.onion,
      onionLeft: node.onionLength,
      nextOnion: ZERO_HASH,
      nextOnionLeft: 0,
      nextOnionEpoch: 0,
      registeredAt: 0,
      proposed: 0,
    })),
    jobs: [],
  };
  const seats = drawSeats(State.of(parts));
  if (seats.length === 0) throw new GenesisError("nodes", "no founder has rating and bond");
  return { state: State.of({ ...parts, seats, nextSeats: seats }), hash: root };
}
