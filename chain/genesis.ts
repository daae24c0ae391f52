/** Makes the first head from a genesis, and defines the parameter sets with which chains start. */
import { POML } from "./amount.ts";
import { NO_VOTE_SHARE, noteVoteShares } from "./bond/vote-share.ts";
import { checkParameters, ParameterError } from "./check-parameters.ts";
import { addressOf, formatAddress } from "./crypto/address.ts";
import { checkPublicKey, KeyError } from "./crypto/public-key.ts";
import { drawSeats } from "./draw/draw-seats.ts";
import { genesisMix } from "./draw/mix.ts";
import { PomlError } from "./errors.ts";
import type { Head } from "./head.ts";
import { WHOLE } from "./millionths.ts";
import { factorsOf, ratingOf, UNIT } from "./rating/formula.ts";
import { NO_WINDOW } from "./rating/window.ts";
import { State } from "./state/state.ts";
import { emptyParts } from "./state/state-parts.ts";
import { NO_SCORE } from "./track/quality.ts";
import { NO_TRACK } from "./track/stages.ts";
import { PROTOCOL_VERSION } from "./types/block.ts";
import { Genesis, type GenesisNode, type Parameters } from "./types/genesis.ts";
import { ZERO_HASH } from "./types/primitive.ts";
import { FULL_PUNCTUALITY, weightOf, weights } from "./weight/weight.ts";

const DAY_SECONDS = 86_400;

export class GenesisError extends PomlError<{ code: "BAD_GENESIS"; field: string }> {
  constructor(field: string, reason: string) {
    super(`genesis ${field}: ${reason}`, { code: "BAD_GENESIS", field });
  }
}

/** Parameters of a long-running chain with one-second blocks. */
export function standardParameters(exactEngine: Uint8Array): Parameters {
  return {
    protocolVersion: PROTOCOL_VERSION,
    blockIntervalMs: 1000,
    epochBlocks: 64,
    maxSeats: 512,
    maxBlockBytes: 1_048_576,
    feeFloor: 1000n,
    feeCap: 100n * POML,
    feeRate: 15_000,
    bondPerRating: 1n,
    minBond: 10n * POML,
    unbondingBlocks: 1_814_400,
    unbondingSeconds: 21 * DAY_SECONDS,
    evidenceBlocks: 1_209_600,
    evidenceSeconds: 14 * DAY_SECONDS,
    slashShare: 50_000,
    evidenceReward: 100_000,
    skipPenalty: 200_000n,
    skipShare: 10_000,
    weightChange: 50_000,
    drawDelay: 32,
    blockReward: POML / 10n,
    workReward: 6_400_000n,
    emissionLimit: 100_000_000n * POML,
    windowInterval: 86_400,
    windowOffset: 64,
    windowBlocks: 120,
    claimBlocks: 20,
    verdictBlocks: 60,
    surpriseChance: 3000,
    surpriseBlocks: 20,
    verifiers: 3,
    segmentsPerVerifier: 4,
    baselineTask: 1,
    trackInterval: 604_800,
    trackOffset: 3600,
    trackBlocks: 600,
    trackTask: 1,
    ratingHalfLife: 7 * DAY_SECONDS,
    falseWorkShare: 500_000,
    energyReference: 500_000n,
    segmentSteps: 1250,
    minPricePerSample: 1n,
    minPricePerTeraflop: 100_000n,
    managerShare: 100_000,
    auditShare: 100_000,
    secondLook: 100_000,
    newcomerAudits: 10,
    unitOperations: 1_000_000_000_000n,
    maxExtensions: 2,
    exactEngine,
  };
}

/**
 * Ten seconds, and thirty: a machine that is paused for six still has time to claim, to serve and to show. A window
 * ends as soon as everybody has answered.
 */
const DEVNET_CLAIM_BLOCKS = 20;
const DEVNET_VERDICT_BLOCKS = 60;

/** The same rules, with seconds instead of hours. */
export function devnetParameters(exactEngine: Uint8Array): Parameters {
  return {
    ...standardParameters(exactEngine),
    blockIntervalMs: 500,
    epochBlocks: 16,
    unbondingBlocks: 240,
    unbondingSeconds: 120,
    evidenceBlocks: 120,
    evidenceSeconds: 60,
    skipPenalty: 1000n,
    weightChange: 250_000,
    drawDelay: 4,
    blockReward: 1000n,
    workReward: 16_000n,
    unitOperations: 10_000_000_000n,
    windowInterval: 600,
    windowOffset: 10,
    windowBlocks: 6,
    claimBlocks: DEVNET_CLAIM_BLOCKS,
    verdictBlocks: DEVNET_VERDICT_BLOCKS,
    surpriseChance: 5000,
    surpriseBlocks: 4,
    verifiers: 2,
    segmentsPerVerifier: 1,
    trackInterval: 600,
    trackOffset: 120,
    trackBlocks: 80,
    ratingHalfLife: 3600,
    segmentSteps: 60,
    newcomerAudits: 2,
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
  checkGenesisParameters(genesis.parameters);
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
    ...emptyParts(),
    meta: {
      height: 0,
      time: genesis.time,
      mix: genesisMix(root),
      burned: 0n,
      emitted: 0n,
      workPot: 0n,
      ratedAt: genesis.time,
      parameters: genesis.parameters,
    },
    window: NO_WINDOW,
    track: NO_TRACK,
    accounts: genesis.accounts.map(({ address, balance }) => ({ address, balance, nonce: 0 })),
    nodes: genesis.nodes.map((node) => ({
      publicKey: node.publicKey,
      name: node.name,
      endpoint: node.endpoint,
      bond: node.bond,
      ...founded(node, genesis),
      ...NO_VOTE_SHARE,
      punctuality: FULL_PUNCTUALITY,
      ratedWindow: 0,
      lastWindow: 0,
      onion: node.onion,
      onionLeft: node.onionLength,
      nextOnion: ZERO_HASH,
      nextOnionLeft: 0,
      nextOnionEpoch: 0,
      registeredAt: 0,
      proposed: 0,
      skipped: 0,
      owed: 0n,
      slashedAt: 0,
      slashedShare: 0,
      slashedPart: 0,
      auditsPassed: 0,
      auditsFailed: 0,
      auditsMissed: 0,
      audited: 0,
      score: NO_SCORE,
    })),
  };
  const founding = State.of(parts);
  const seats = drawSeats(founding);
  if (seats.length === 0) throw new GenesisError("nodes", "no founder has rating and bond");
  const drawWeights = weights(founding);
  const drawn = { seats, nextSeats: seats, drawWeights, nextDrawWeights: drawWeights };
  const state = State.of({ ...parts, ...drawn });
  noteVoteShares(state);
  return { state: State.of(state.parts()), hash: root };
}

/** A founder's own measurement counts as one window, and its word as so many units. */
const FOUNDING_UNITS = 10;

function founded({ bond, capacity }: GenesisNode, { time, parameters }: Genesis) {
  const rated = {
    measured: capacity === 0n ? [] : [capacity],
    capacity,
    quality: WHOLE,
    energy: WHOLE,
    verified: FOUNDING_UNITS * UNIT,
    failed: 0,
    ratedAt: time,
    notServedAt: 0n,
    withheld: 0,
    probation: 0,
  };
  const rating = ratingOf(factorsOf(rated, time, parameters));
  const weight = weightOf({ rating, punctuality: FULL_PUNCTUALITY, bond }, parameters);
  return { ...rated, rating, weight };
}

function checkNodeKey(publicKey: Uint8Array): void {
  try {
    checkPublicKey(publicKey);
  } catch (error) {
    if (error instanceof KeyError) throw new GenesisError("nodes", error.message);
    throw error;
  }
}

function checkGenesisParameters(parameters: Parameters): void {
  try {
    checkParameters(parameters);
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    const { field, reason } = error.facts;
    throw new GenesisError(`parameters.${field}`, reason);
  }
}

/** If all that anyone can ever own is below 2^64, no balance can overflow. */
function checkSupply({ accounts, nodes, parameters }: Genesis): void {
  const owned = accounts.reduce((sum, { balance }) => sum + balance, parameters.emissionLimit);
  const supply = nodes.reduce((sum, { bond }) => sum + bond, owned);
  if (supply >= 2n ** 64n) throw new GenesisError("accounts", "the supply does not fit 64 bits");
}
