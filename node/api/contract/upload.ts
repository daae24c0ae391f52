/** A file that is sent in pieces, over as many requests as the connection needs. */
import { z } from "zod";
import { Count } from "./scalar.ts";

export const UploadJson = z.object({
  id: z.string(),
  bytes: Count.describe("size of the whole file"),
  offset: Count.describe("bytes that are here: the next request goes on from there"),
  expires: z.number().describe("Unix milliseconds; later with every byte"),
});
export type UploadJson = z.infer<typeof UploadJson>;

export const UploadOrder = z.strictObject({
  bytes: z.int().min(0).describe("size of the whole file"),
});
