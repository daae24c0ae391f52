/** What the state keeps of a node, its rating, its seat among the voters, and its window claim. */
import { ContainerType, ListBasicType, type ValueOf } from "@chainsafe/ssz";
import {
  Endpoint,
  Hash,
  MAX_VERIFIERS,
  PublicKey,
  ShortText,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
} from "./primitive.ts";

export const NodeRecord = new ContainerType(
  {
    publicKey: PublicKey,
    name: ShortText,
    /** Where the node says it listens (multiaddr); advice, not proof. */
    endpoint: Endpoint,
    bond: Uint64,
    /** Verified capacity of the last windows, micro-GFLOP/s. */
    capacity: Uint64,
    /** Rating in micro-units. */
    rating: Uint64,
    /** Weight among the voters: follows what rating, reliability and bond allow by bounded steps. */
    weight: Uint64,
    /** Millionths; falls with every turn to propose that the node lets pass. */
    reliability: Uint32,
    /** Last window with a verified claim; 0 = genesis benchmark or none. */
    ratedWindow: Uint32,
    /** Last window this node was judged in, claimed or missed. */
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
    /** Turns to propose it let pass. */
    skipped: Uint32,
    /** Height at which a fault of it was proven; 0 = never. It is no node any more. */
    slashedAt: Uint32,
    /** Weight it had then. */
    slashedWeight: Uint64,
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

/** A node's claim of work in the window under way and the drawn verifiers' verdicts. */
export const WindowClaim = new ContainerType(
  {
    node: Uint32,
    window: Uint32,
    segments: Uint32,
    /** Merkle root over the hashes of the segments + 1 checkpoints. */
    checkpointRoot: Hash,
    /** Time of the block that took the claim, Unix milliseconds: work is timed up to here. */
    claimed: Uint64,
    /** Node indexes; empty until drawn. */
    verifiers: new ListBasicType(Uint32, MAX_VERIFIERS),
    /** Segment each verifier replays, in verifier order. */
    segmentsDrawn: new ListBasicType(Uint32, MAX_VERIFIERS),
    /** VERDICTS index + 1 per verifier, 0 = none yet. */
    verdicts: new ListBasicType(Uint8, MAX_VERIFIERS),
  },
  { typeName: "WindowClaim", jsonCase: "eth2" },
);
export type WindowClaim = ValueOf<typeof WindowClaim>;

/** Wire values; append only. */
export const VERDICTS = ["match", "mismatch", "not-served"] as const;
export const RATING_CAUSES = ["window", "mismatch", "decay", "slash"] as const;

/** One change of a rating as written in a block. */
export const RatingChange = new ContainerType(
  {
    node: Uint32,
    /** Index into RATING_CAUSES. */
    cause: Uint8,
    window: Uint32,
    segments: Uint32,
    capacity: Uint64,
    before: Uint64,
    after: Uint64,
  },
  { typeName: "RatingChange", jsonCase: "eth2" },
);
export type RatingChange = ValueOf<typeof RatingChange>;
