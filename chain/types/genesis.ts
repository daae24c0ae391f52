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
    /** Version that the next block's header carries; a vote raises it. */
    protocolVersion: Uint16,
    /** Milliseconds between blocks that proposers aim for. */
    blockIntervalMs: Uint32,
    /** Heights per epoch; weights are frozen within one. */
    epochBlocks: Uint32,
    /** Voting seats per epoch at most. */
    maxSeats: Uint16,
    maxBlockBytes: Uint32,
    /** Smallest fee of a paid transaction. */
    feeFloor: Uint64,
    /** Largest fee the rate below can ask. */
    feeCap: Uint64,
    /** Share of a transfer or of a job's spent escrow, in millionths. */
    feeRate: Uint32,
    /** Bond that lets one micro-unit of rating count. */
    bondPerRating: Uint64,
    /** Smallest bond to register with. */
    minBond: Uint64,
    /** Both must have passed before bonded money that was asked back is free. */
    unbondingBlocks: Uint32,
    unbondingSeconds: Uint32,
    /** A fault is punished until both have passed; a signature is worth as much for so long. */
    evidenceBlocks: Uint32,
    evidenceSeconds: Uint32,
    /** Share of the bond a proven fault costs, in millionths. */
    slashShare: Uint32,
    /** Share of what was slashed that the proposer of the proof earns, in millionths; the rest burns. */
    evidenceReward: Uint32,
    /** What a proposer that lets its turn pass owes of its next block rewards. */
    skipPenalty: Uint64,
    /** Share of its punctuality that a skipped turn costs, in millionths. */
    skipShare: Uint32,
    /** Share of all weight that may move per epoch, upwards and downwards each, in millionths. */
    weightChange: Uint32,
    /** Blocks between what a draw depends on and the mix it takes. */
    drawDelay: Uint32,
    /** New money for the proposer of a block. */
    blockReward: Uint64,
    /** New money per epoch for work verified in benchmark windows. */
    workReward: Uint64,
    /** New money at most, ever. */
    emissionLimit: Uint64,
    /** Heights from the end of a regular window to the next one, on average; the first opens at `windowOffset`. */
    windowInterval: Uint32,
    windowOffset: Uint32,
    /** Heights a window lasts. */
    windowBlocks: Uint32,
    /** Heights after a window in which claims are taken, then again for verdicts. */
    claimBlocks: Uint32,
    verdictBlocks: Uint32,
    /** Chance that a surprise window opens at the end of an epoch, millionths, and its heights. */
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
    /** Heights to train and commit in, then again for results and for verdicts. */
    trackBlocks: Uint32,
    /** Version of the open track's task (chain/track/task.ts). */
    trackTask: Uint16,
    /** Seconds in which old work counts half in a rating. */
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
    /** Share of updates of which a second segment is replayed, in millionths. */
    secondLook: Uint32,
    /** Updates of a node that are replayed as a whole, until so many were found right in a row. */
    newcomerAudits: Uint16,
    /** Replayed operations of updates that count as one unit of verified work. */
    unitOperations: Uint64,
    /** Times a phase without quorum is prolonged before the job fails. */
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
    /** From the founder's genesis benchmark run, micro-GFLOP/s. */
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
