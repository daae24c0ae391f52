/** The order of a search, as its client writes it. */

import { z } from "zod";
import { SEARCH_ENDIANS, SEARCH_MODES } from "../../../../chain/types/search.ts";
import { MAX_UINT32 } from "../../../../chain/uint-range.ts";
import { ShortName } from "../../../short-name.ts";
import { Amount, whole } from "../scalar.ts";
import { ORDER_FIELDS } from "./frame.ts";
import { MessagePart, Target, Uint64 } from "./search.ts";

const NonceOrder = z.union([Uint64, z.int().min(0).max(Number.MAX_SAFE_INTEGER)], {
  error: "must be a whole number below 2^64; above 2^53 - 1 as a string",
});

export const SearchOrder = z.strictObject({
  kind: z.literal("search"),
  name: ShortName.optional().describe("default: the algorithm and the target"),
  algorithm: z
    .string()
    .regex(
      /^([0-9a-f]{64}|[a-z][a-z0-9-]{0,30})$/,
      "must be the name of a shipped algorithm, or the SHA-256 of a module as 64 hex characters",
    )
    .describe("name of a shipped algorithm, or hash of a module that this node holds"),
  prefix: MessagePart.optional().describe("what stands before the nonce; default: nothing"),
  suffix: MessagePart.optional().describe("what stands behind the nonce; default: nothing"),
  nonceBytes: z
    .union([z.literal(4), z.literal(8)], { error: "must be 4 or 8" })
    .optional()
    .describe("default 8"),
  endian: z.enum(SEARCH_ENDIANS).optional().describe("byte order of the nonce; default little"),
  target: Target.optional().describe("give this or zeroBits"),
  zeroBits: whole(0, 255)
    .optional()
    .describe("how many bits a find begins with that are zero; the same as a target"),
  from: NonceOrder.optional().describe("first nonce; default 0"),
  to: NonceOrder.optional().describe(
    "one past the last nonce; default with mode first: 8 times as many as a find takes on average",
  ),
  mode: z
    .enum(SEARCH_MODES)
    .optional()
    .describe("first: ends with a find, the default; all: every find; best: the smallest digest"),
  redundancy: whole(0, 100)
    .optional()
    .describe("percent of the range that another node searches a second time; default 0"),
  operations: whole(1, MAX_UINT32)
    .optional()
    .describe("what one hash costs; known of shipped algorithms, measured here of others"),
  ...ORDER_FIELDS,
  pricePerGigahash: Amount.optional().describe(
    "micro-POML per 10^9 hashes; default: the least that the chain allows",
  ),
  bonus: Amount.optional().describe("micro-POML for those who find; default 0"),
  maxSpend: Amount.optional().describe(
    "escrow in micro-POML; default: the price, and room for the price of a place to double",
  ),
});
export type SearchOrder = z.infer<typeof SearchOrder>;
