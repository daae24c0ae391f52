/** The answer to a peer that is stuck at this height: the known votes, and proposals as blob hashes. */
import { ContainerType, ListCompositeType } from "@chainsafe/ssz";
import { Hash, Uint32 } from "../../chain/types/primitive.ts";
import { Vote } from "../../chain/types/vote.ts";

/** Enough for four rounds with the usual number of seats, or two rounds with the largest number. */
export const MAX_KNOWN_VOTES = 8192;
export const MAX_KNOWN_PROPOSALS = 16;

export const KnownVotes = new ContainerType(
  {
    height: Uint32,
    votes: new ListCompositeType(Vote, MAX_KNOWN_VOTES),
    proposals: new ListCompositeType(Hash, MAX_KNOWN_PROPOSALS),
  },
  { typeName: "KnownVotes", jsonCase: "eth2" },
);
