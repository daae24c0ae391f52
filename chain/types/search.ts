/**
 * A search as a kind of work: nonces `from` to `to` are put between prefix and suffix, each message is hashed, and a
 * digest at or below the target is a find. Nonces are counted in units of 2^unitBits: unit i begins at nonce
 * from + i * 2^unitBits, and the last one may be shorter.
 */
import {
  ByteListType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type ValueOf,
} from "@chainsafe/ssz";
import { Hash, MAX_PARTICIPANTS, Uint8, Uint32, Uint64 } from "./primitive.ts";

/**
 * When a search ends. Wire values; append only. first: with the first find. all: with all nonces, or a full list of
 * finds. best: with all nonces; the smallest digest counts.
 */
export const SEARCH_MODES = ["first", "all", "best"] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];
/** Byte order of the nonce in the message. Wire values; append only. */
export const SEARCH_ENDIANS = ["little", "big"] as const;
export type SearchEndian = (typeof SEARCH_ENDIANS)[number];

/** The largest number of ranges that have not been searched. */
export const MAX_GAPS = 64;
/** Finds that a job keeps. */
export const MAX_FINDS = 64;
/** Finds that one round can report. */
export const MAX_ROUND_FINDS = 16;
/**
 * The largest number of contributions that one round can send to a full replay because their statistics are improbable.
 */
export const MAX_ALARMS = 8;
const MAX_MESSAGE_PART = 256;

/** What is searched, and for what. */
export const SearchSpec = new ContainerType(
  {
    /** SHA-256 of the WebAssembly module that hashes. */
    algorithm: Hash,
    prefix: new ByteListType(MAX_MESSAGE_PART),
    suffix: new ByteListType(MAX_MESSAGE_PART),
    /** 4 or 8. */
    nonceBytes: Uint8,
    /** Index into SEARCH_ENDIANS. */
    endian: Uint8,
    /** A digest that is at most this is a find; both as 256-bit numbers, highest byte first. */
    target: Hash,
    from: Uint64,
    /** One past the last nonce. */
    to: Uint64,
    /** Index into SEARCH_MODES. */
    mode: Uint8,
    /** Percent of the units that are searched a second time, by another node. */
    redundancy: Uint8,
    /** A unit has 2^unitBits nonces. */
    unitBits: Uint8,
    /** The cost of one hash, by the cost model of search-algorithms.md. */
    operations: Uint32,
    /** Micro-POML for finds, besides the pay for units; divided among the finders (chain/job/settlement.ts). */
    findBonus: Uint64,
  },
  { typeName: "SearchSpec", jsonCase: "eth2" },
);
export type SearchSpec = ValueOf<typeof SearchSpec>;

/** Units from `from` up to but not including `to`. */
export const UnitRange = new ContainerType(
  { from: Uint64, to: Uint64 },
  { typeName: "UnitRange", jsonCase: "eth2" },
);
export type UnitRange = ValueOf<typeof UnitRange>;

export const SearchFind = new ContainerType(
  {
    nonce: Uint64,
    digest: Hash,
    /** Index of the node that found it. */
    node: Uint32,
  },
  { typeName: "SearchFind", jsonCase: "eth2" },
);
export type SearchFind = ValueOf<typeof SearchFind>;

/** What a node has claimed in a job since it began, or since its last alarm. */
export const SearchTally = new ContainerType(
  {
    /** Index of the node. */
    node: Uint32,
    units: Uint64,
    /** Sum of their smallest digests, each as a share of what is usual (chain/workload/search/statistics.ts). */
    share: Uint64,
  },
  { typeName: "SearchTally", jsonCase: "eth2" },
);
export type SearchTally = ValueOf<typeof SearchTally>;

export const SearchProgress = new ContainerType(
  {
    /** Units that nobody has searched, in order; no two ranges touch. */
    open: new ListCompositeType(UnitRange, MAX_GAPS),
    /** In order of nonce; at most one with mode best. */
    finds: new ListCompositeType(SearchFind, MAX_FINDS),
    /** Units of all recorded contributions, including second searches of one unit. */
    claimed: Uint64,
    /** Recorded rounds in a row that covered nothing. */
    idleRounds: Uint8,
    /** Of nodes with units, in node order. */
    tallies: new ListCompositeType(SearchTally, MAX_PARTICIPANTS),
  },
  { typeName: "SearchProgress", jsonCase: "eth2" },
);
export type SearchProgress = ValueOf<typeof SearchProgress>;

/** The result of a round of searching. */
export const SearchResult = new ContainerType(
  {
    /** The units that are open after the round. */
    open: new ListCompositeType(UnitRange, MAX_GAPS),
    /** New ones, in order of nonce. */
    finds: new ListCompositeType(SearchFind, MAX_ROUND_FINDS),
    /** For each contribution, the sum of the smallest digests of its units, each as a share of what is usual. */
    shares: new ListBasicType(Uint64, MAX_PARTICIPANTS),
    /**
     * Indexes of contributing nodes, in order, whose smallest digests in this job are improbably large. They follow
     * from `shares`.
     */
    alarms: new ListBasicType(Uint32, MAX_ALARMS),
  },
  { typeName: "SearchResult", jsonCase: "eth2" },
);
export type SearchResult = ValueOf<typeof SearchResult>;
