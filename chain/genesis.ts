/** From a genesis to the first head, and the parameter sets chains start with. */
import type { Head } from "./apply-block.ts";
import { addressOf, formatAddress } from "./crypto/address.ts";
import { checkPublicKey, KeyError } from "./crypto/keys.ts";
import { genesisMix } from "./draw/mix.ts";
import { PomlError } from "./errors.ts";
import { drawSeats } from "./rating/weight.ts";
import { State } from "./state/state.ts";
import { Genesis, type Parameters } from "./types/genesis.ts";
import { MAX_SEATS, MAX_VERIFIERS, ZERO_HASH } from "./types/primitive.ts";

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
  checkParameters(genesis.parameters);
  checkSupply(genesis);
  const keys = new Set<string>();
  for (const node of genesis.nodes) {
    checkNodeKey(node.publicKey);
    const text = formatAddress(addressOf(node.publicKey));
    if (keys.has(text)) throw new GenesisError("nodes", `${text} is listed twice`);
    keys.add(text);
    if (node.bond < genesis.parameters.minBond) {
      throw new GenesisError("nodes", `bond of ${text} is below the minimum`);
    }
  }
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

function checkNodeKey(publicKey: Uint8Array): void {
  try {
    checkPublicKey(publicKey);
  } catch (error) {
    if (error instanceof KeyError) throw new GenesisError("nodes", error.message);
    throw error;
  }
}

/** With everything anyone owns below 2^64, no balance can overflow. */
function checkSupply({ accounts, nodes }: Genesis): void {
  const owned = accounts.reduce((sum, { balance }) => sum + balance, 0n);
  const supply = nodes.reduce((sum, { bond }) => sum + bond, owned);
  if (supply >= 2n ** 64n) throw new GenesisError("accounts", "the supply does not fit 64 bits");
}

type NumericField = Exclude<keyof Parameters, "exactEngine">;

/** Values that no chain could run with. */
function checkParameters(parameters: Parameters): void {
  const least = (field: NumericField, minimum: number | bigint): void => {
    if (parameters[field] < minimum) {
      throw new GenesisError(`parameters.${field}`, `is below ${minimum}`);
    }
  };
  const most = (field: NumericField, maximum: number | bigint): void => {
    if (parameters[field] > maximum) {
      throw new GenesisError(`parameters.${field}`, `is above ${maximum}`);
    }
  };
  for (const field of ["blockIntervalMs", "epochBlocks", "maxSeats", "segmentSteps"] as const) {
    least(field, 1);
  }
  least("bondPerRating", 1n);
  least("windowOffset", 1);
  least("windowBlocks", 1);
  least("claimBlocks", 1);
  least("verdictBlocks", 1);
  const { windowBlocks, claimBlocks, verdictBlocks } = parameters;
  least("windowInterval", windowBlocks + claimBlocks + verdictBlocks + 1);
  least("maxBlockBytes", MIN_BLOCK_BYTES);
  least("feeCap", parameters.feeFloor);
  most("maxSeats", MAX_SEATS);
  most("verifiers", MAX_VERIFIERS);
  most("maxExtensions", 255);
}

/** Room for the largest transaction, a record of every participant. */
const MIN_BLOCK_BYTES = 32 * 1024;
