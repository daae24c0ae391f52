/** The node, its peers and workers, the accounts, and the nodes of the chain with their ratings. */
import { z } from "zod";
import { JOB_KINDS } from "../../../chain/types/job.ts";
import { VERDICTS } from "../../../chain/types/node.ts";
import { FactorsJson, WaitingTransactionJson } from "./block.ts";
import { OutcomeJson } from "./jobs/frame.ts";
import { Address, Amount, Count, Fraction, Hash, Height, PublicKey, UnixMs } from "./scalar.ts";

export const Peer = z.object({
  publicKey: PublicKey,
  address: z.string(),
  latencyMs: z.number().optional(),
  score: z.number(),
});

export const RefusedPeerJson = z.object({
  peerId: z.string(),
  standing: z.enum(["disconnect", "banned"]),
  code: z.string(),
  reason: z.string(),
  score: z.number(),
  remainingSeconds: Count,
});

export const Worker = z.object({
  id: z.string(),
  kind: z.enum(["local", "remote"]),
  state: z.enum(["starting", "idle", "busy", "suspect", "failed", "set-aside"]),
  task: z.string().optional(),
});

/** serving: follows the chain. For the others `/readyz` answers 503. */
const HealthStatus = z.enum(["serving", "syncing", "stalled", "disk-full", "key-elsewhere"]);

/** The consensus parameters that a wallet or a worker needs. */
export const ParametersJson = z.object({
  protocolVersion: Count,
  blockIntervalMs: Count,
  epochBlocks: Count,
  maxSeats: Count,
  maxBlockBytes: Count,
  feeFloor: Amount,
  feeCap: Amount,
  feeRate: Count.describe("millionths of a transfer or of a job's spent escrow"),
  bondPerRating: Amount,
  minBond: Amount,
  unbondingBlocks: Count,
  unbondingSeconds: Count,
  evidenceBlocks: Count,
  evidenceSeconds: Count,
  slashShare: Count.describe("millionths of the bond that a proven fault costs"),
  evidenceReward: Count.describe(
    "millionths of what was slashed, for the proposer that brought the proof",
  ),
  skipPenalty: Amount,
  skipShare: Count.describe("millionths of its reliability that a skipped turn costs"),
  weightChange: Count.describe("millionths of all weight that may move per epoch"),
  drawDelay: Count.describe("blocks between what a draw depends on and its randomness"),
  blockReward: Amount,
  workReward: Amount,
  emissionLimit: Amount,
  windowInterval: Count,
  windowOffset: Count,
  windowBlocks: Count,
  claimBlocks: Count,
  verdictBlocks: Count,
  surpriseChance: Count.describe("millionths, at the end of an epoch"),
  surpriseBlocks: Count,
  verifiers: Count,
  segmentsPerVerifier: Count,
  baselineTask: Count,
  trackInterval: Count.describe("heights between two open tracks; 0 = none"),
  trackOffset: Count,
  trackBlocks: Count,
  trackTask: Count,
  ratingHalfLife: Count.describe("seconds"),
  falseWorkShare: Count.describe("millionths of the bond"),
  energyReference: Amount.describe("operations per millijoule"),
  segmentSteps: Count,
  minPricePerSample: Amount,
  minPricePerTeraflop: Amount.describe("micro-POML for 10^12 operations of an order"),
  managerShare: Count.describe("millionths of what participants earn"),
  auditShare: Count.describe("auditors' part, millionths of what participants earn"),
  secondLook: Count.describe("millionths of updates of which a second segment is replayed"),
  newcomerAudits: Count.describe("updates of a newcomer that are replayed as a whole"),
  unitOperations: Amount.describe("replayed operations that count as one unit of verified work"),
  maxExtensions: Count,
  exactEngine: Hash,
});
export type ParametersJson = z.infer<typeof ParametersJson>;

const WindowWorkJson = z.object({
  window: Count,
  lanes: Count,
  segments: Count.describe("finished, on all lanes"),
  coreShare: z.number().optional().describe("part of a core that each lane had at least, 0 to 1"),
  disturbed: z.string().optional().describe("why the window measured less than the machine can do"),
});
export type WindowWorkJson = z.infer<typeof WindowWorkJson>;

/** Something that keeps the node from its work, or that its owner should know. */
export const NoticeJson = z.object({
  code: z.string().describe("stable, for programs"),
  level: z.enum(["problem", "note"]).describe("problem: not, or not usefully, part of its network"),
  message: z.string(),
  remedy: z.string(),
});
export type NoticeJson = z.infer<typeof NoticeJson>;

/** Why workers of the node have nothing to do in a search that it takes part in. */
export const SearchTroubleJson = z.object({
  job: Hash,
  code: z
    .enum(["TOO_FAR", "RESTING", "NO_MANAGER"])
    .describe(
      "TOO_FAR: more than half of their time went on asking for leases and waiting; RESTING: they lost leases of which they had searched nothing, or what they had reported in an earlier round was not claimed; NO_MANAGER: none of the team answers",
    ),
  lanes: Count.optional().describe("workers that it concerns; absent with NO_MANAGER"),
  lanesInAll: Count.optional(),
  lost: Fraction.optional().describe("TOO_FAR: part of the time that the worst of them lost"),
  rttMs: Count.optional().describe("TOO_FAR: round trip to the manager"),
  leaseMs: Count.optional().describe("TOO_FAR: how long it searched for one lease, on average"),
  silentMs: Count.optional().describe("NO_MANAGER: for how long"),
});
export type SearchTroubleJson = z.infer<typeof SearchTroubleJson>;

const BootstrapJson = z.object({
  address: z.string(),
  state: z.enum(["reached", "trying", "failed"]),
  reason: z.string().optional().describe("why the last try failed"),
  genesis: z.string().optional().describe("start of the genesis hash of the chain it follows"),
});

/** What the voting weights of this epoch mean for the chain's safety. */
export const VotingSafetyJson = z.object({
  level: z.enum(["one-decides", "one-can-stop", "shared"]),
  explanation: z.string(),
});

export const Status = z.object({
  version: z.string(),
  network: z.string(),
  genesisRoot: Hash,
  publicKey: PublicKey,
  address: Address,
  name: z.string(),
  height: Height,
  headHash: Hash,
  lowestBlock: Height.describe("lowest height whose block is kept here; above 1: pruned"),
  damagedBlocks: Count.describe("blocks damaged on its disk, being fetched from peers"),
  hasDiskRoom: z.boolean().describe("false: neither votes nor takes blocks until there is room"),
  hasJobRoom: z
    .boolean()
    .describe("false: takes no uploads, imports, datasets, updates or new work; it goes on voting"),
  abstainsThrough: Height.optional().describe("does not vote up to this height: it may have voted"),
  headTime: UnixMs,
  round: Count,
  syncing: z.boolean(),
  blocksBehind: Count.describe("how many blocks more a peer says it has"),
  health: HealthStatus,
  notices: z.array(NoticeJson).describe("what keeps the node from its work, the worst first"),
  snapshotSync: z
    .object({ stage: z.enum(["peers", "headers", "chunks", "state"]), done: Count, total: Count })
    .optional()
    .describe("the node starts from a snapshot of its peers"),
  historyReplay: z
    .object({ height: Height, target: Height })
    .optional()
    .describe("the blocks before the snapshot it started from are being replayed"),
  epoch: Count,
  /** Seats and weight that certify blocks of this epoch. */
  seats: Count,
  totalWeight: Amount,
  safety: VotingSafetyJson,
  nodes: Count,
  jobs: Count,
  burned: Amount,
  emitted: Amount.describe("created since the genesis"),
  workPot: Amount.describe("waits for the next verified benchmark window"),
  peers: z.array(Peer),
  bootstrap: z.array(BootstrapJson),
  refusedPeers: z
    .array(RefusedPeerJson)
    .describe("peers this node refuses for their behaviour, until their time is over"),
  mempool: z.object({ transactions: Count, bytes: Count }),
  ownTransactions: z
    .object({ waiting: Count, oldest: WaitingTransactionJson.optional() })
    .describe("of this node's account, in no block yet; see /v1/transactions/own"),
  workers: z.array(Worker),
  lastWindow: WindowWorkJson.optional().describe("its last benchmark window since it started"),
  slashedAt: Height.optional().describe("where a fault of it was proven; it is out for good"),
  searchTroubles: z
    .array(SearchTroubleJson)
    .describe("what keeps its workers from searching, while it lasts"),
  uptimeSeconds: z.number(),
  rssBytes: Count,
  listen: z.object({ p2p: z.array(z.string()), torrent: z.string() }),
  parameters: ParametersJson,
});
export type Status = z.infer<typeof Status>;

export const Health = z.object({
  status: HealthStatus,
  height: Height,
  headAgeMs: Count,
});
export type Health = z.infer<typeof Health>;

export const AccountJson = z.object({
  address: Address,
  balance: Amount,
  nonce: Count.describe("nonce of the next transaction after the last final block"),
  nextNonce: Count.describe("the same, counting the transactions that wait"),
});
export type AccountJson = z.infer<typeof AccountJson>;

export const NodeJson = z.object({
  index: Count,
  publicKey: PublicKey,
  address: Address,
  name: z.string(),
  endpoint: z.string(),
  bond: Amount,
  balance: Amount,
  rating: Amount.describe("micro-units"),
  weight: Amount.describe("rating as far as punctuality and bond let it count, micro-units"),
  votingWeight: Amount.describe(
    "what its seat votes with now or next epoch: follows the weight by bounded steps, under a third of all where four or more vote",
  ),
  drawable: z
    .boolean()
    .describe("can be drawn for work now: draws read the weights of one to two epochs ago"),
  punctuality: Count.describe("millionths; falls with every turn to propose that passes unused"),
  factors: FactorsJson.describe("what the rating is the product of"),
  probation: Count.describe(
    "windows in which a node is checked more closely, after false work or repeated withholding",
  ),
  capacity: Amount.describe("measured, micro-GFLOP/s"),
  ratedWindow: Count.describe("0 = genesis benchmark or none"),
  lastWindow: Count,
  seat: Count.optional().describe("position among this epoch's voters"),
  onionLeft: Count.describe("blocks it can still propose before it renews its hash onion"),
  registeredAt: Height,
  proposed: Count.describe("blocks proposed"),
  skipped: Count.describe("turns to propose it let pass"),
  owed: Amount.describe("for such turns, kept from its next block rewards; never from the bond"),
  withheld: Count.describe(
    "times it was proven to withhold work, each within a half-life of the one before",
  ),
  auditsPassed: Count.describe("updates of jobs found right since the last that was not"),
  auditsFailed: Count.describe("updates proven false or not served"),
  auditsMissed: Count.describe("audits of others it was drawn for and did not do"),
  unbonding: Amount.describe("bonded money on its way back"),
  slashedAt: Height.optional().describe("where a fault of it was proven; it is out for good"),
});
export type NodeJson = z.infer<typeof NodeJson>;

export const NodeDetail = NodeJson.extend({
  unbondings: z.array(z.object({ amount: Amount, freeAtHeight: Height, freeAtTime: UnixMs })),
  claim: z
    .object({
      window: Count,
      segments: Count,
      checks: z.array(
        z.object({
          verifier: Count,
          lane: Count,
          segment: Count,
          verdict: z.enum(["none", ...VERDICTS]),
          isAppeal: z.boolean().describe("before the committee"),
        }),
      ),
    })
    .optional()
    .describe("claim in the window under way"),
  jobs: z.array(
    z.object({
      id: Hash,
      name: z.string(),
      phase: z.string(),
      outcome: OutcomeJson,
      role: z.enum(["manager", "participant", "both"]),
      round: Count,
      recordedRounds: Count,
      rounds: Count.optional().describe(
        "that were ordered; absent where the kind has no number of them",
      ),
      kind: z.enum(JOB_KINDS),
      progress: Fraction,
    }),
  ),
});
export type NodeDetail = z.infer<typeof NodeDetail>;

/** In node index order. */
export const NodeList = z.object({
  totalWeight: Amount,
  nodes: z.array(NodeJson),
  next: Count.optional().describe("`from` of the next page"),
});
export type NodeList = z.infer<typeof NodeList>;
