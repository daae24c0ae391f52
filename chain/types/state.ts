/** The state as one SSZ container: every header contains its root, and its leaves can be proven. */
import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Parameters } from "./genesis.ts";
import { Job } from "./job.ts";
import { MemoContainerType } from "./memo-container.ts";
import { NodeRecord, Seat } from "./node.ts";
import { Address, Hash, MAX_SEATS, Uint8, Uint32, Uint64 } from "./primitive.ts";
import { Track, TrackEntry } from "./track.ts";
import { Window, WindowClaim } from "./window.ts";

export const Account = new ContainerType(
  { address: Address, balance: Uint64, nonce: Uint32 },
  { typeName: "Account", jsonCase: "eth2" },
);
export type Account = ValueOf<typeof Account>;

export const Seats = new ListCompositeType(Seat, MAX_SEATS);

/** The single values of the state. */
export const Meta = new ContainerType(
  {
    height: Uint32,
    /** Time of the last block, Unix milliseconds. */
    time: Uint64,
    /** Randomness after the last block. */
    mix: Hash,
    /** Micro-POML destroyed so far. */
    burned: Uint64,
    /** Micro-POML created since the genesis. */
    emitted: Uint64,
    /** The part of it that waits for the next verified window. */
    workPot: Uint64,
    /** Time of the last settlement of a window, Unix milliseconds. */
    ratedAt: Uint64,
    parameters: Parameters,
  },
  { typeName: "Meta", jsonCase: "eth2" },
);
export type Meta = ValueOf<typeof Meta>;

/** Bonded money that is being unbonded. */
export const Unbonding = new MemoContainerType(
  {
    node: Uint32,
    amount: Uint64,
    /** Both must be reached. */
    freeAtHeight: Uint32,
    freeAtTime: Uint64,
  },
  { typeName: "Unbonding", jsonCase: "eth2" },
);
export type Unbonding = ValueOf<typeof Unbonding>;

/** The time at a past height; a few of these show how old a fault is. */
export const TimeMark = new ContainerType(
  { height: Uint32, time: Uint64 },
  { typeName: "TimeMark", jsonCase: "eth2" },
);
export type TimeMark = ValueOf<typeof TimeMark>;

/** A node's vote for the next value of a parameter, see `ParameterVote`. */
export const CastParameterVote = new MemoContainerType(
  { node: Uint32, parameter: Uint8, value: Hash },
  { typeName: "CastParameterVote", jsonCase: "eth2" },
);
export type CastParameterVote = ValueOf<typeof CastParameterVote>;

/** A node's vote to certify a search algorithm, or to take it off the list if it is on it. */
export const CastAlgorithmVote = new MemoContainerType(
  { node: Uint32, algorithm: Hash },
  { typeName: "CastAlgorithmVote", jsonCase: "eth2" },
);
export type CastAlgorithmVote = ValueOf<typeof CastAlgorithmVote>;

/** The largest number of pieces of its bond that one node may be unbonding at a time. */
export const MAX_UNBONDINGS_PER_NODE = 16;
export const MAX_TIME_MARKS = 256;
export const MAX_ACCOUNTS = 2 ** 32;
export const MAX_NODES = 2 ** 20;
/** Room for all pieces and votes that nodes can have, so that nobody can fill a list and keep others out. */
export const MAX_UNBONDINGS: number = MAX_NODES * MAX_UNBONDINGS_PER_NODE;
/** More than the number of parameters that can be voted on. */
const MAX_VOTES_PER_NODE = 64;
export const MAX_PARAMETER_VOTES: number = MAX_NODES * MAX_VOTES_PER_NODE;
/** Votes on algorithms that one node may have at a time. */
export const MAX_ALGORITHM_VOTES_PER_NODE = 8;
export const MAX_ALGORITHM_VOTES: number = MAX_NODES * MAX_ALGORITHM_VOTES_PER_NODE;
/** Search algorithms that can be certified at a time. */
export const MAX_ALGORITHMS = 256;
export const MAX_JOBS = 2 ** 32;

export const Claims = new ListCompositeType(WindowClaim, MAX_NODES);
export const TrackEntries = new ListCompositeType(TrackEntry, MAX_NODES);
export const Unbondings = new ListCompositeType(Unbonding, MAX_UNBONDINGS);
export const ParameterVotes = new ListCompositeType(CastParameterVote, MAX_PARAMETER_VOTES);
export const AlgorithmVotes = new ListCompositeType(CastAlgorithmVote, MAX_ALGORITHM_VOTES);
export const Algorithms = new ListCompositeType(Hash, MAX_ALGORITHMS);
export const TimeMarks = new ListCompositeType(TimeMark, MAX_TIME_MARKS);
/** By node index. */
export const DrawWeights = new ListBasicType(Uint64, MAX_NODES);

export const StateTree = new ContainerType(
  {
    meta: Meta,
    /** Seats of the current epoch. */
    seats: Seats,
    /** Seats of the next epoch, already frozen. */
    nextSeats: Seats,
    accounts: new ListCompositeType(Account, MAX_ACCOUNTS),
    /** All nodes; the view objects of the library use the name `nodes` themselves. */
    registry: new ListCompositeType(NodeRecord, MAX_NODES),
    jobs: new ListCompositeType(Job, MAX_JOBS),
    window: Window,
    /** Claims of the current window. */
    claims: Claims,
    /** In the order in which they were started. */
    unbondings: Unbondings,
    /** In the order in which they were cast. */
    parameterVotes: ParameterVotes,
    /** Oldest first. */
    timeMarks: TimeMarks,
    track: Track,
    /** The commitments of nodes in the current track, in the order in which they were made. */
    trackEntries: TrackEntries,
    /** The weights that draws for work use; they were frozen an epoch before they came into use. */
    drawWeights: DrawWeights,
    /** The same for the next epoch, already frozen. */
    nextDrawWeights: DrawWeights,
    /** SHA-256 of the search algorithms that nodes certified by vote, in the order in which they did. */
    algorithms: Algorithms,
    /** In no order. */
    algorithmVotes: AlgorithmVotes,
  },
  { typeName: "StateTree", jsonCase: "eth2" },
);
