/** Names that people give to datasets and jobs. */
import { z } from "zod";

const MAX_NAME_BYTES = 64;

/** A label that becomes `ShortText` on the chain. */
export const ShortName = z
  .string()
  .min(1, "must not be empty")
  .refine(
    (text) => new TextEncoder().encode(text).length <= MAX_NAME_BYTES,
    `must be at most ${MAX_NAME_BYTES} bytes of UTF-8`,
  );
