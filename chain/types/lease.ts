/**
 * The log of leases that the managers of a search job write in a round: which node searches which units, how far it is,
 * and which manager takes over from another. The chain stores none of it, except as proof that a manager wrote two
 * logs.
 */
import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Hash, Signature, Uint8, Uint16, Uint32, Uint64 } from "./primitive.ts";

/**
 * Wire values; append only.
 * grant: units that nobody holds become a lease. race: a copy of units that another lease holds, near the end of the
 * range; whoever reports a unit first has searched it. repeat: a second search of units by another node, for the
 * order's redundancy. progress: the holder has searched its lease up to `to`. part: `node` has searched units
 * `from..to` of a lease that is another's (its parent's in the tree), or that was cut and not granted again. pass: units
 * of a lease become a lease of `node`, a child whose parent is gone. cut: a lease ends at `to`; what was not searched
 * of the rest is free again. find: `node` reports the nonce `from`. takeover: the log goes on under another manager.
 * close: no more grants in this round; participants commit. turn: nothing more belongs to this round, and what is open or
 * leased goes on in the log of the next one. begin: the chain has reached the round of a log that began before; what is
 * open is what the chain says.
 */
export const LEASE_ENTRIES = [
  "grant",
  "race",
  "repeat",
  "progress",
  "part",
  "pass",
  "cut",
  "find",
  "takeover",
  "close",
  "turn",
  "begin",
] as const;
export type LeaseEntryKind = (typeof LEASE_ENTRIES)[number];

export const LeaseEntry = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    /** 0 for the manager that begins the round; each takeover begins a higher view. It decides whose turn it is. */
    view: Uint16,
    /** From 1, without gaps, across all views of a round. */
    sequence: Uint32,
    /** Root of the entry before; before the first zero, or the root of the `turn` of the log that it goes on from. */
    previous: Hash,
    /** Node index of the manager that signs. */
    manager: Uint32,
    /** Index into LEASE_ENTRIES. */
    kind: Uint8,
    /** Number of the lease, from 1; 0 in `find`, `takeover`, `close`, `turn` and `begin`. */
    lease: Uint32,
    /** Node index of the holder, or of the node that a `part`, `pass` or `find` is about; 0 without one. */
    node: Uint32,
    /** The holder's lane; 0 without one. */
    lane: Uint16,
    /** First unit; of a find the nonce. */
    from: Uint64,
    /** One past the last unit; of a find 0. */
    to: Uint64,
    /** Milliseconds since the manager observed the begin of the round. */
    at: Uint64,
  },
  { typeName: "LeaseEntry", jsonCase: "eth2" },
);
export type LeaseEntry = ValueOf<typeof LeaseEntry>;

export const SignedLeaseEntry = new ContainerType(
  { entry: LeaseEntry, signature: Signature },
  { typeName: "SignedLeaseEntry", jsonCase: "eth2" },
);
export type SignedLeaseEntry = ValueOf<typeof SignedLeaseEntry>;

/**
 * A member's promise to accept no more entries of views before `view`, and how far its log goes. More than half of the
 * team must promise this before the manager of `view` may write; its first entry follows the longest of these logs.
 */
export const LeasePromise = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    view: Uint16,
    /** Node index of the member that promises. */
    member: Uint32,
    /** View, sequence and root of the last entry of its log; zeros for an empty log. */
    lastView: Uint16,
    lastSequence: Uint32,
    lastRoot: Hash,
  },
  { typeName: "LeasePromise", jsonCase: "eth2" },
);
export type LeasePromise = ValueOf<typeof LeasePromise>;

export const SignedLeasePromise = new ContainerType(
  { promise: LeasePromise, signature: Signature },
  { typeName: "SignedLeasePromise", jsonCase: "eth2" },
);
export type SignedLeasePromise = ValueOf<typeof SignedLeasePromise>;

/** What a sub-manager signs with each lease that it gives: units, and the lease of its own that they are part of. */
export const LeaseShare = new ContainerType(
  {
    job: Hash,
    round: Uint16,
    /** Node indexes. */
    giver: Uint32,
    taker: Uint32,
    /** The giver's lease, by the number of the manager that gave it ... */
    lease: Uint32,
    /** ... which stands so many places above the giver's parent in the tree. */
    level: Uint8,
    from: Uint64,
    to: Uint64,
  },
  { typeName: "LeaseShare", jsonCase: "eth2" },
);
