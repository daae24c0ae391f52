/** The state as one SSZ container: its root stands in every header and its leaves can be proven. */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Parameters } from "./genesis.ts";
import { Job } from "./job.ts";
import { NodeRecord, Seat, WindowClaim } from "./node.ts";
import { Address, Hash, MAX_SEATS, Uint32, Uint64 } from "./primitive.ts";

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
    /** Block times at which the last window opened and closed, Unix milliseconds; 0 = not yet. */
    windowOpened: Uint64,
    windowClosed: Uint64,
    /** Mix of the block that opened the last window: the seed of its work. */
    windowMix: Hash,
    parameters: Parameters,
  },
  { typeName: "Meta", jsonCase: "eth2" },
);
export type Meta = ValueOf<typeof Meta>;

export const MAX_ACCOUNTS = 2 ** 32;
export const MAX_NODES = 2 ** 20;
export const MAX_JOBS = 2 ** 24;

export const StateTree = new ContainerType(
  {
    meta: Meta,
    /** Seats of the epoch under way. */
    seats: Seats,
    /** Seats of the next epoch, already frozen. */
    nextSeats: Seats,
    accounts: new ListCompositeType(Account, MAX_ACCOUNTS),
    /** All nodes; `nodes` itself is a word the view objects use inside. */
    registry: new ListCompositeType(NodeRecord, MAX_NODES),
    jobs: new ListCompositeType(Job, MAX_JOBS),
    /** Claims of the window under way. */
    claims: new ListCompositeType(WindowClaim, MAX_NODES),
  },
  { typeName: "StateTree", jsonCase: "eth2" },
);
