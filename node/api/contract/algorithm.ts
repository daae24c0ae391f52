/** What searches hash with. */
import { z } from "zod";
import { Amount, Count, Hash, Height } from "./scalar.ts";

/** A module that a client brought, and that keeps the rules. */
export const AddedAlgorithm = z.object({
  hash: Hash.describe("SHA-256 of the module; orders name it by this"),
  bytes: Count,
  hashesPerSecond: z.number().describe("on this machine, in its first moments"),
});
export type AddedAlgorithm = z.infer<typeof AddedAlgorithm>;

export const AlgorithmJson = z.object({
  hash: Hash.describe("SHA-256 of the module"),
  name: z.string().optional().describe("of a shipped one; orders may name it by this"),
  digest: z.string().optional().describe("of a shipped one: what it computes"),
  shipped: z.boolean().describe("comes with the program"),
  certified: z.boolean().describe("the chain's nodes voted for it"),
  allowed: z.boolean().describe("this node takes part in searches with it (jobs.allow)"),
});
export type AlgorithmJson = z.infer<typeof AlgorithmJson>;

export const AlgorithmVoteJson = z.object({
  algorithm: Hash,
  name: z.string().optional(),
  wants: z
    .enum(["certify", "remove"])
    .describe("to put it on the list of certified ones, or to take it off"),
  nodes: z.array(Count).describe("who votes so"),
  weight: Amount.describe("of these nodes; more than 2/3 of the total decides"),
  against: Amount.describe(
    "weight of all others: a node that does not vote leaves the list as it is",
  ),
});
export type AlgorithmVoteJson = z.infer<typeof AlgorithmVoteJson>;

export const AlgorithmList = z.object({
  algorithms: z
    .array(AlgorithmJson)
    .describe("shipped, certified, and allowed by the owner one by one"),
  totalWeight: Amount.describe("voting weight of all nodes"),
  votes: z.array(AlgorithmVoteJson).describe("open ones; each stands until it is taken back"),
  countedAt: Height.describe("the end of this epoch, when votes are counted next"),
});
export type AlgorithmList = z.infer<typeof AlgorithmList>;
