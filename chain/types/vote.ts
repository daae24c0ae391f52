/** Votes, and what the signatures of votes and proposals cover. */
import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Hash, Signature, Uint8, Uint16, Uint32 } from "./primitive.ts";

/** Wire values; append only. */
export const VOTE_TYPES = ["prevote", "precommit"] as const;

export const Vote = new ContainerType(
  {
    height: Uint32,
    round: Uint16,
    /** Index into VOTE_TYPES. */
    type: Uint8,
    /** Zero = nil. */
    blockHash: Hash,
    /** In a prevote for a block, that of the proposal it answers: one more than the round, 0 = none. Otherwise 0. */
    validRound: Uint16,
    /** Position in the epoch's seats. */
    seat: Uint16,
    signature: Signature,
  },
  { typeName: "Vote", jsonCase: "eth2" },
);
export type Vote = ValueOf<typeof Vote>;

/** What a proposal's signature covers. */
export const ProposalSummary = new ContainerType(
  { height: Uint32, round: Uint16, validRound: Uint16, blockHash: Hash },
  { typeName: "ProposalSummary", jsonCase: "eth2" },
);
export type ProposalSummary = ValueOf<typeof ProposalSummary>;
/** What a vote's signature covers. */
export const VoteSummary = new ContainerType(
  { height: Uint32, round: Uint16, type: Uint8, blockHash: Hash, validRound: Uint16 },
  { typeName: "VoteSummary", jsonCase: "eth2" },
);
