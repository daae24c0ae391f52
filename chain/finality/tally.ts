/**
 * The votes of one type in one round. A seat counts once towards the votes heard and once for each
 * value it voted for; a seat that equivocates is kept with its first two values, as evidence.
 */
import { equalBytes } from "../crypto/hash.ts";
import type { Vote } from "../types/block.ts";
import { isQuorum } from "./quorum.ts";
import { type ValueId, voteValue } from "./vote.ts";

/** Enough to convict; more would let one seat fill the memory. */
const VOTES_PER_SEAT = 2;

export interface Share {
  /** null = nil. */
  readonly value: ValueId | null;
  readonly weight: bigint;
}

export interface Tally {
  /** In order of arrival. */
  readonly votes: readonly Vote[];
  /** Weight of the seats heard, each once. */
  readonly heard: bigint;
  readonly shares: readonly Share[];
}

export const EMPTY_TALLY: Tally = { votes: [], heard: 0n, shares: [] };

/** True if `addVote` would count the vote. */
export function isNewVote(tally: Tally, vote: Vote): boolean {
  const earlier = tally.votes.filter((other) => other.seat === vote.seat);
  return (
    earlier.length < VOTES_PER_SEAT &&
    !earlier.some((other) => equalBytes(other.blockHash, vote.blockHash))
  );
}

/** Adds a new vote (see `isNewVote`) of a seat with this weight. */
export function addVote(tally: Tally, vote: Vote, weight: bigint): Tally {
  const value = voteValue(vote.blockHash);
  const share = { value, weight: shareOf(tally, value) + weight };
  return {
    votes: [...tally.votes, vote],
    heard: firstVoteOf(tally, vote.seat) === undefined ? tally.heard + weight : tally.heard,
    shares: [...tally.shares.filter((other) => other.value !== value), share],
  };
}

export function firstVoteOf(tally: Tally, seat: number): Vote | undefined {
  return tally.votes.find((vote) => vote.seat === seat);
}

/** Weight behind one value; null = nil. */
export function shareOf(tally: Tally, value: ValueId | null): bigint {
  return tally.shares.find((share) => share.value === value)?.weight ?? 0n;
}

/** The values (not nil) with more than 2/3 of the total; more than one only if a third is faulty. */
export function quorumValues(tally: Tally, total: bigint): ValueId[] {
  return tally.shares.flatMap(({ value, weight }) =>
    value !== null && isQuorum(weight, total) ? [value] : [],
  );
}

/** The votes for one value. */
export function votesFor(tally: Tally, value: ValueId): Vote[] {
  return tally.votes.filter((vote) => voteValue(vote.blockHash) === value);
}
