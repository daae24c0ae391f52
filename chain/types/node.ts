/** The record of a node in the state, its rating, and its seat among the voters. */
import { ContainerType, ListBasicType, type ValueOf } from "@chainsafe/ssz";
import {
  Endpoint,
  Hash,
  PublicKey,
  ShortText,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
} from "./primitive.ts";
import { TrackScore } from "./track.ts";

/** The number of windows whose median is the capacity. */
export const MAX_MEASURED = 5;

export const NodeRecord = new ContainerType(
  {
    publicKey: PublicKey,
    name: ShortText,
    /** Where the node says that it listens (multiaddr); a hint, not a proof. */
    endpoint: Endpoint,
    bond: Uint64,
    /** Verified capacities of the last windows, oldest first, micro-GFLOP/s. */
    measured: new ListBasicType(Uint64, MAX_MEASURED),
    /** Their median; it rises in limited steps. */
    capacity: Uint64,
    /** Millionths; it follows from `score`. */
    quality: Uint32,
    /** Millionths, by the node's own meter. */
    energy: Uint32,
    /** Verified and failed units of work, thousandths, both halved every `ratingHalfLife`. */
    verified: Uint32,
    failed: Uint32,
    /** Time of the last verified window, Unix milliseconds. */
    ratedAt: Uint64,
    /** Time at which it was last proven to withhold claimed work, Unix milliseconds; 0 = never. */
    notServedAt: Uint64,
    /** How often this was proven, each time within a half-life of the one before. */
    withheld: Uint8,
    /** Windows left in which a caught cheat is checked more closely. */
    probation: Uint8,
    /** Micro-units: the product of the factors (chain/rating/formula.ts). */
    rating: Uint64,
    /** Weight among the voters: it follows, in limited steps, what rating, punctuality and bond allow. */
    weight: Uint64,
    /**
     * The largest share of all votes that its seat had since `voteShareSince`, and in the period before; millionths.
     */
    voteShare: Uint32,
    voteShareBefore: Uint32,
    /** Height. */
    voteShareSince: Uint32,
    /** Millionths; every skipped turn to propose lowers it. */
    punctuality: Uint32,
    /** Last window with a verified claim; 0 = genesis benchmark or none. */
    ratedWindow: Uint32,
    /** Last window in which this node was judged, whether it claimed or not. */
    lastWindow: Uint32,
    /** Top of the hash onion not yet revealed. */
    onion: Hash,
    /** Reveals left under `onion`. */
    onionLeft: Uint16,
    /** Replacement that takes over at `nextOnionEpoch`; zero = none. */
    nextOnion: Hash,
    nextOnionLeft: Uint16,
    nextOnionEpoch: Uint32,
    registeredAt: Uint32,
    /** Blocks this node proposed. */
    proposed: Uint32,
    /** Turns to propose that it skipped. */
    skipped: Uint32,
    /** The part of their price that its block rewards have not paid yet, micro-POML. */
    owed: Uint64,
    /** Height at which a fault of it was proven; 0 = never. After that it is no node any more. */
    slashedAt: Uint32,
    /** The share by which it was punished: its largest share of all votes in the punishable past, millionths. */
    slashedShare: Uint32,
    /**
     * The part of its bond that it has lost, millionths; it grows with the faults of others that are proven soon after.
     */
    slashedPart: Uint32,
    /** Updates of jobs that audits found right since the last one that they did not. */
    auditsPassed: Uint32,
    /** Updates proven false or not served. */
    auditsFailed: Uint32,
    /** Audits of others' updates for which it was drawn and which it did not do. */
    auditsMissed: Uint32,
    /** Thousandths of a unit that audits of its updates have verified since the last window was settled. */
    audited: Uint32,
    /** Of the open track. */
    score: TrackScore,
  },
  { typeName: "NodeRecord", jsonCase: "eth2" },
);
export type NodeRecord = ValueOf<typeof NodeRecord>;

/** One voting seat of an epoch. */
export const Seat = new ContainerType(
  { node: Uint32, publicKey: PublicKey, weight: Uint64 },
  { typeName: "Seat", jsonCase: "eth2" },
);
export type Seat = ValueOf<typeof Seat>;

/** Wire values; append only. sealed: a committee member's finding, hidden until all members have answered. */
export const VERDICTS = ["match", "mismatch", "not-served", "sealed"] as const;
/**
 * The judgement of a settlement about the node's own work. unproven: claimed, but neither verified nor refuted.
 * not-served: several nodes asked for a whole stage and got nothing. withheld: the same, but once too often. Wire
 * values; append only.
 */
export const RATING_CAUSES = [
  "window",
  "mismatch",
  "decay",
  "slash",
  "not-served",
  "audit",
  "track",
  "track-mismatch",
  "track-untold",
  "unproven",
  "withheld",
] as const;
/**
 * What was charged to the node in addition: in a job's audit (mismatch, not-served, withheld as above), or when it was
 * drawn to check others (silent: it gave no answer in time; wrong: at least three nodes that replayed the work refuted
 * its answer). Wire values; append only.
 */
export const RATING_FAULTS = [
  "none",
  "mismatch",
  "not-served",
  "withheld",
  "silent",
  "wrong",
] as const;
export type RatingFault = (typeof RATING_FAULTS)[number];

/** The factors whose product is a rating. Shares in millionths. */
export const Factors = new ContainerType(
  {
    capacity: Uint64,
    quality: Uint32,
    reliability: Uint32,
    energy: Uint32,
    freshness: Uint32,
  },
  { typeName: "Factors", jsonCase: "eth2" },
);
export type Factors = ValueOf<typeof Factors>;

/** One change of a rating, as recorded in a block. */
export const RatingChange = new ContainerType(
  {
    node: Uint32,
    /** Index into RATING_CAUSES. */
    cause: Uint8,
    /** Index into RATING_FAULTS. */
    fault: Uint8,
    /** Number of the window or the track, depending on the cause; 0 = neither. */
    window: Uint32,
    segments: Uint32,
    factors: Factors,
    before: Uint64,
    after: Uint64,
  },
  { typeName: "RatingChange", jsonCase: "eth2" },
);
export type RatingChange = ValueOf<typeof RatingChange>;
