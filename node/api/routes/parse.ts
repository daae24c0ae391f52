/** Parts of paths and queries as chain values. */

import { z } from "zod";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { MAX_UINT32 } from "../../../chain/uint-range.ts";
import { apiError } from "../api-error.ts";

/** A whole number in a query. */
export const queryInt = (max: number) =>
  z
    .string()
    .regex(/^\d{1,10}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.int().min(0).max(max));

export const MAX_PAGE = 100;

/** `?from=&limit=` of the lists. */
export const PageQuery = z.strictObject({
  from: queryInt(MAX_UINT32).optional().describe("where the page begins"),
  limit: queryInt(MAX_PAGE).optional().describe(`at most ${MAX_PAGE}, default 20`),
});
export type PageQuery = z.infer<typeof PageQuery>;

export const NoQuery = z.strictObject({});

/** @throws ApiError BAD_HASH */
export function parseHash(text: string | undefined, field: string): Uint8Array {
  if (text !== undefined && /^[0-9a-fA-F]{64}$/.test(text)) return fromHex(text);
  throw apiError(400, "BAD_HASH", `${field}: must be 64 hex characters`, {
    field,
    remedy: "copy the whole hash, as the lists of this API show it",
  });
}

/** A whole number in a path. @throws ApiError BAD_NUMBER */
export function parseWhole(text: string | undefined, field: string, max: number): number {
  if (text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= max) return Number(text);
  throw apiError(400, "BAD_NUMBER", `${field}: must be a whole number up to ${max}`, {
    field,
    remedy: `correct ${field}`,
  });
}

/** @throws ApiError BAD_HEIGHT_OR_HASH */
export function parseHeightOrHash(text: string | undefined): number | Uint8Array {
  if (text !== undefined && /^\d{1,10}$/.test(text)) return Number(text);
  if (text !== undefined && /^[0-9a-fA-F]{64}$/.test(text)) return fromHex(text);
  throw apiError(400, "BAD_HEIGHT_OR_HASH", "at: must be a height or 64 hex characters", {
    field: "at",
    remedy: "name the block by its height or by its whole hash",
  });
}
