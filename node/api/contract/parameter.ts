/** The consensus parameters that nodes may change by vote, and the open votes. */
import { z } from "zod";
import { VOTABLE_PARAMETERS } from "../../../chain/governance/votable.ts";
import { Amount, Count } from "./scalar.ts";

/** Integers as decimal strings, hashes as hex. */
const Value = z.string();

export const ParameterVoteJson = z.object({
  value: Value,
  nodes: z.array(Count).describe("who voted for it"),
  weight: Amount.describe("of all nodes behind it; more than 2/3 of the total changes it"),
});

export const ParameterJson = z.object({
  name: z.enum(VOTABLE_PARAMETERS),
  value: Value,
  votes: z.array(ParameterVoteJson),
});
export type ParameterJson = z.infer<typeof ParameterJson>;

export const ParameterList = z.object({ totalWeight: Amount, parameters: z.array(ParameterJson) });
export type ParameterList = z.infer<typeof ParameterList>;
