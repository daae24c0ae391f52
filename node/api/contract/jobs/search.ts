/** Jobs that search a range of nonces for digests at or below a target: the order and the progress. */

import { z } from "zod";
import { SEARCH_ENDIANS, SEARCH_MODES } from "../../../../chain/types/search.ts";
import { MAX_UINT64 } from "../../../../chain/uint-range.ts";
import { SEEN_BY } from "../../../jobs/search/live-search.ts";
import { Amount, Bytes, Count, Hash } from "../scalar.ts";
import {
  CONTRIBUTION_FIELDS,
  DETAIL_FIELDS,
  PARTICIPANT_FIELDS,
  PLACE_FIELDS,
  PREPARED_FIELDS,
  RECORD_FIELDS,
  SUMMARY_FIELDS,
  TERM_FIELDS,
} from "./frame.ts";

const DECIMAL = /^(0|[1-9][0-9]{0,19})$/;

/** Larger than what a JSON number can hold exactly. */
export const Uint64 = z
  .string()
  .regex(DECIMAL, "must be a whole number, in decimal digits")
  .refine((text) => !DECIMAL.test(text) || BigInt(text) <= MAX_UINT64, "is above 2^64 - 1")
  .describe("whole number below 2^64 as a decimal string");

export const MessagePart = z
  .string()
  .regex(/^([0-9a-f]{2}){0,256}$/, "must be lower-case hex of at most 256 whole bytes")
  .describe("lower-case hex, at most 256 bytes");

export const Target = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex characters, highest byte first")
  .describe("a digest at most this is a find; as 256-bit numbers, highest byte first");

const AlgorithmJson = {
  algorithm: Hash.describe("SHA-256 of the module that hashes"),
  algorithmName: z.string().optional().describe("of a shipped one"),
} as const;

export const SearchSpecJson = z.object({
  kind: z.literal("search"),
  ...TERM_FIELDS,
  ...AlgorithmJson,
  prefix: MessagePart,
  suffix: MessagePart,
  nonceBytes: Count,
  endian: z.enum(SEARCH_ENDIANS),
  target: Target,
  from: Uint64,
  to: Uint64.describe("one past the last nonce"),
  mode: z.enum(SEARCH_MODES),
  redundancy: Count.describe("percent"),
  unitBits: Count.describe("a unit, the least that is given out, is 2^unitBits nonces"),
  operations: Count.describe("of one hash"),
  bonus: Amount,
  pricePerUnit: Amount,
});
export type SearchSpecJson = z.infer<typeof SearchSpecJson>;

export const PreparedSearch = z.object({
  kind: z.literal("search"),
  spec: SearchSpecJson,
  ...PREPARED_FIELDS,
});

export const FindJson = z.object({
  nonce: Uint64,
  digest: Hash,
  message: Bytes.describe("prefix, nonce and suffix: what the digest is of"),
  node: Count,
  name: z.string().optional(),
});
export type FindJson = z.infer<typeof FindJson>;

/** The progress of a search. */
const STAND_FIELDS = {
  nonces: Uint64.describe("of the whole range"),
  searched: Uint64.describe("nonces of the range that recorded rounds cover"),
  finds: z.array(FindJson).describe("in order of nonce"),
} as const;

export const SearchSummary = z.object({
  kind: z.literal("search"),
  ...SUMMARY_FIELDS,
  ...AlgorithmJson,
  ...STAND_FIELDS,
});
export type SearchSummary = z.infer<typeof SearchSummary>;

export const SearcherJson = z.object({
  ...PARTICIPANT_FIELDS,
  hashes: Uint64.describe("claimed in the round under way"),
  workMs: Count.describe("in which it says it did them"),
  paidHashes: Uint64.describe("of recorded rounds whose audits are over"),
  earned: Amount.describe("micro-POML for the paid hashes"),
});

export const NonceRange = z.object({
  from: Uint64,
  to: Uint64.describe("one past the last nonce"),
});
export type NonceRange = z.infer<typeof NonceRange>;

/** Ranges of an answer, at most. */
export const MAX_LIVE_RANGES = 128;

export const LiveSearchJson = z.object({
  seenBy: z
    .enum(SEEN_BY)
    .describe("a member of the team sees all nodes, a participant nothing but its own part"),
  manager: z
    .object({
      node: Count,
      name: z.string().optional(),
      view: Count.describe("0 under the first manager of the round; higher after each takeover"),
    })
    .optional()
    .describe(
      "the node that gives out the leases of the round, as far as this node knows; absent while there is none",
    ),
  searchedUnits: Count.describe("searched in this round, and not recorded yet"),
  leasedUnits: Count.describe("being searched"),
  searched: z.array(NonceRange).max(MAX_LIVE_RANGES).describe("the largest such ranges, in order"),
  leased: z.array(NonceRange).max(MAX_LIVE_RANGES).describe("the largest such ranges, in order"),
  nodes: z.array(
    z.object({
      node: Count,
      name: z.string().optional(),
      hashesPerSecond: Count.describe("over the last 20 s, as it says"),
      units: Count.describe("that it may claim in this round"),
    }),
  ),
});
export type LiveSearchJson = z.infer<typeof LiveSearchJson>;

export const SearchDetail = z.object({
  kind: z.literal("search"),
  ...DETAIL_FIELDS,
  ...AlgorithmJson,
  ...STAND_FIELDS,
  spec: SearchSpecJson,
  open: z.array(NonceRange).describe("what no recorded round covers"),
  participants: z.array(SearcherJson),
  live: LiveSearchJson.optional().describe(
    "the round under way, as it was at the first question after the newest block; absent where this node has no part in it",
  ),
});
export type SearchDetail = z.infer<typeof SearchDetail>;

export const SearchRecord = z.object({
  kind: z.literal("search"),
  ...RECORD_FIELDS,
  openUnits: Uint64.describe("units that are open after the round"),
  finds: z.array(z.object({ nonce: Uint64, digest: Hash, node: Count })).describe("new ones"),
  alarms: z
    .array(Count)
    .describe("nodes whose smallest digests are unlikely, so that their claims are replayed whole"),
  contributions: z.array(z.object({ ...CONTRIBUTION_FIELDS, units: Count, workMs: Count })),
});
export type SearchRecord = z.infer<typeof SearchRecord>;

export const SearchRound = SearchRecord.extend(PLACE_FIELDS);
export type SearchRound = z.infer<typeof SearchRound>;
