/** The data for light clients: SSZ in hex, so that they check exactly these bytes. */
import { z } from "zod";
import { PROVABLE } from "../../../chain/types/light.ts";
import { Bytes, Count, Hash, Height } from "./scalar.ts";

export const LightBlockJson = z.object({
  height: Height,
  hash: Hash,
  block: Bytes.describe("SSZ LightBlock"),
});
export type LightBlockJson = z.infer<typeof LightBlockJson>;

export const LightRoute = z.object({
  /** To be verified in this order. */
  updates: z.array(Bytes.describe("SSZ LightBlock")),
  complete: z.boolean().describe("false: ask again from the height of the last one"),
});
export type LightRoute = z.infer<typeof LightRoute>;

export const ProofJson = z.object({
  kind: z.enum(PROVABLE),
  height: Height.describe("of the block under whose header the proof holds"),
  hash: Hash,
  proof: Bytes.describe("SSZ InclusionProof"),
  block: Bytes.describe("SSZ LightBlock"),
});
export type ProofJson = z.infer<typeof ProofJson>;

export const AccusedJson = z.object({
  nodes: z.array(Count).describe("indexes of the nodes that signed both blocks"),
});
export type AccusedJson = z.infer<typeof AccusedJson>;
