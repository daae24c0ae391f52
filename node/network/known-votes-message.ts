/** The answer to "I am stuck at this height": votes the other has, and its proposals as blob hashes. */
import { ContainerType, ListCompositeType } from "@chainsafe/ssz";
import { Hash, Uint32 } from "../../chain/types/primitive.ts";
import { Vote } from "../../chain/types/vote.ts";

/** Four rounds of as many seats as are usual, two of as many as there can be. */
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
