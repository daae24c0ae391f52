/** Genesis and the consensus parameters. The genesis root is the chain's identity in every signature. */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import {
  Address,
  Endpoint,
  Hash,
  PublicKey,
  ShortText,
  Uint16,
  Uint32,
  Uint64,
} from "./primitive.ts";

export const Parameters = new ContainerType(
  {
    /** Version in the header of the next block; a vote raises it. */
    protocolVersion: Uint16,
    /** Milliseconds between blocks that proposers aim for. */
    blockIntervalMs: Uint32,
    /** Heights per epoch; weights are frozen within one. */
    epochBlocks: Uint32,
    /** The largest number of voting seats per epoch. */
    maxSeats: Uint16,
    maxBlockBytes: Uint32,
    /** Smallest fee of a paid transaction. */
    feeFloor: Uint64,
    /** The largest fee that the rate below can ask for. */
    feeCap: Uint64,
    /** Share of a transfer or of a job's spent escrow, in millionths. */
    feeRate: Uint32,
    /** Bond that lets one micro-unit of rating count. */
    bondPerRating: Uint64,
    /** Smallest bond to register with. */
    minBond: Uint64,
    /** Both must have passed before unbonded money is free. */
    unbondingBlocks: Uint32,
    unbondingSeconds: Uint32,
    /** A fault is punishable until both have passed; for this long a signature can be held against its signer. */
    evidenceBlocks: Uint32,
    evidenceSeconds: Uint32,
    /** Share of the bond that a proven fault costs, in millionths. */
    slashShare: Uint32,
    /** Share of the slashed amount that the proposer of the proof earns, in millionths; the rest burns. */
    evidenceReward: Uint32,
    /** What a proposer that skips its turn owes from its next block rewards. */
    skipPenalty: Uint64,
    /** Share of its punctuality that a skipped turn costs, in millionths. */
    skipShare: Uint32,
    /** Share of all weight that may move per epoch, in millionths; upwards and downwards separately. */
    weightChange: Uint32,
    /** Blocks between the last value on which a draw depends and the mix that the draw uses. */
    drawDelay: Uint32,
    /** New money for the proposer of a block. */
    blockReward: Uint64,
    /** New money per epoch for work verified in benchmark windows. */
    workReward: Uint64,
    /** The largest amount of new money, in total. */
    emissionLimit: Uint64,
    /** Heights from the end of a regular window to the next one, on average; the first opens at `windowOffset`. */
    windowInterval: Uint32,
    windowOffset: Uint32,
    /** Heights a window lasts. */
    windowBlocks: Uint32,
    /** Heights after a window in which claims are accepted, and then again for verdicts. */
    claimBlocks: Uint32,
    verdictBlocks: Uint32,
    /** Probability that a surprise window opens at the end of an epoch, in millionths; and its length in heights. */
    surpriseChance: Uint32,
    surpriseBlocks: Uint32,
    /** Verifiers drawn per claim, and segments each of them replays. */
    verifiers: Uint16,
    segmentsPerVerifier: Uint16,
    /** Version of the baseline task (chain/rating/baseline.ts). */
    baselineTask: Uint16,
    /** Heights between two open tracks, 0 = none; the first opens at `trackOffset`. */
    trackInterval: Uint32,
    trackOffset: Uint32,
    /** Heights for training and commitments, and then again for results and for verdicts. */
    trackBlocks: Uint32,
    /** Version of the open track's task (chain/track/task.ts). */
    trackTask: Uint16,
    /** Seconds after which old work counts half in a rating. */
    ratingHalfLife: Uint32,
    /** Share of the bond that false work costs, millionths. */
    falseWorkShare: Uint32,
    /** Floating-point operations per millijoule at which the energy factor is 1. */
    energyReference: Uint64,
    /** Optimizer steps per baseline segment. */
    segmentSteps: Uint32,
    /** Smallest price of one sample step, micro-POML. */
    minPricePerSample: Uint64,
    /** Smallest price of 10^12 operations, micro-POML. */
    minPricePerTeraflop: Uint64,
    /** Managers' share of what participants earn, in millionths. */
    managerShare: Uint32,
    /** Auditors' share of what participants earn, in millionths. */
    auditShare: Uint32,
    /** Share of updates for which a second segment is replayed, in millionths. */
    secondLook: Uint32,
    /** All segments of a node's updates are replayed until so many in a row were found right. */
    newcomerAudits: Uint16,
    /** Replayed operations of updates that count as one unit of verified work. */
    unitOperations: Uint64,
    /** How many times a phase without quorum is extended before the job fails. */
    maxExtensions: Uint16,
    /** SHA-256 of the exact engine's WebAssembly. */
    exactEngine: Hash,
  },
  { typeName: "Parameters", jsonCase: "eth2" },
);
export type Parameters = ValueOf<typeof Parameters>;

export const GenesisAccount = new ContainerType(
  { address: Address, balance: Uint64 },
  { typeName: "GenesisAccount", jsonCase: "eth2" },
);
export const GenesisNode = new ContainerType(
  {
    publicKey: PublicKey,
    name: ShortText,
    endpoint: Endpoint,
    bond: Uint64,
    onion: Hash,
    onionLength: Uint16,
    /** From the founder's benchmark at genesis, micro-GFLOP/s. */
    capacity: Uint64,
  },
  { typeName: "GenesisNode", jsonCase: "eth2" },
);
export type GenesisNode = ValueOf<typeof GenesisNode>;
export const Genesis = new ContainerType(
  {
    name: ShortText,
    /** Unix milliseconds. */
    time: Uint64,
    parameters: Parameters,
    accounts: new ListCompositeType(GenesisAccount, 65536),
    nodes: new ListCompositeType(GenesisNode, 128),
  },
  { typeName: "Genesis", jsonCase: "eth2" },
);
export type Genesis = ValueOf<typeof Genesis>;
