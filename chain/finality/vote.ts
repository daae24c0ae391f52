/**
 * Votes and proposals as the finality rules use them: values are block hashes in hex (usable as keys of a Map), nil is
 * null; and the roots that their signatures cover.
 */
import { fromHex, toHex } from "../crypto/hash.ts";
import { signingRoot } from "../crypto/signing.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import {
  ProposalSummary,
  type ProposalSummary as ProposalSummaryValue,
  VOTE_TYPES,
  type Vote,
  VoteSummary,
} from "../types/vote.ts";

export type VoteType = (typeof VOTE_TYPES)[number];

declare const valueId: unique symbol;
/** A block hash as 64 lower-case hex characters; made by `toValueId` only. */
export type ValueId = string & { readonly [valueId]: true };

/** @throws RangeError unless the hash has 32 bytes and is not the zero hash, which means nil */
export function toValueId(hash: Uint8Array): ValueId {
  const value = voteValue(hash);
  if (value === null) throw new RangeError("the zero hash means nil and is no value");
  return value;
}

/** The value a vote's `blockHash` names; null = nil. */
export function voteValue(hash: Uint8Array): ValueId | null {
  if (hash.length !== 32) throw new RangeError(`a block hash has 32 bytes, got ${hash.length}`);
  return hash.every((byte) => byte === 0) ? null : (toHex(hash) as ValueId);
}

/** The `blockHash` of a vote for `value`. */
export function hashOf(value: ValueId | null): Uint8Array {
  return value === null ? ZERO_HASH : fromHex(value);
}

/** Position in VOTE_TYPES, as it stands in `Vote.type`. */
export function voteTypeIndex(type: VoteType): number {
  return VOTE_TYPES.indexOf(type);
}

/** `validRound` may be left out where it is 0. */
type UnsignedVote = Omit<Vote, "seat" | "signature" | "validRound"> &
  Partial<Pick<Vote, "validRound">>;

/** Only a prevote for a block refers to a round, which must be before its own. */
export function isVoteForm({ type, round, blockHash, validRound }: Vote): boolean {
  if (VOTE_TYPES[type] === "prevote" && voteValue(blockHash) !== null) return validRound <= round;
  return validRound === 0;
}

/** What a vote's signature covers, on the chain with this genesis. */
export function voteSigningRoot(
  genesisRoot: Uint8Array,
  { height, round, type, blockHash, validRound = 0 }: UnsignedVote,
): Uint8Array {
  const root = VoteSummary.hashTreeRoot({ height, round, type, blockHash, validRound });
  return signingRoot("vote", genesisRoot, root);
}

/** What a proposal's signature covers; `validRound` as on the wire (0 = none). */
export function proposalSigningRoot(
  genesisRoot: Uint8Array,
  summary: ProposalSummaryValue,
): Uint8Array {
  return signingRoot("proposal", genesisRoot, ProposalSummary.hashTreeRoot(summary));
}
