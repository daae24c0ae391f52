/** What searches hash with. */
import { z } from "zod";
import { Count, Hash } from "./scalar.ts";

/** A module that a client brought, and that keeps the rules. */
export const AddedAlgorithm = z.object({
  hash: Hash.describe("SHA-256 of the module; orders name it by this"),
  bytes: Count,
  hashesPerSecond: z.number().describe("on this machine, in its first moments"),
});
export type AddedAlgorithm = z.infer<typeof AddedAlgorithm>;
