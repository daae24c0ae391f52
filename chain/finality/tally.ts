/**
 * The votes of one type in one round. A prevote is for a block together with the round that the proposal gives as its
 * reason. Votes with different reasons count separately, so that a quorum commits all of its voters to the same reason
 * (docs/protocol.md, amnesia). A seat counts once among the heard votes, and once for each value it voted for. If a
 * seat equivocates, its first two values are kept as evidence, and in addition those that honest seats voted for.
 * Otherwise two nodes could hold different votes of that seat for ever, and one of them might never see the polka on
 * which the other is locked.
 */
import { equalBytes } from "../crypto/hash.ts";
import type { Vote } from "../types/vote.ts";
import { exceedsThird, isQuorum } from "./quorum.ts";
import { type ValueId, voteValue } from "./vote.ts";

/** Enough to convict; with more, one seat could fill the memory. */
const VOTES_PER_SEAT = 2;

export interface Share {
  /** null = nil. */
  readonly value: ValueId | null;
  /** As in votes. */
  readonly validRound: number;
  readonly weight: bigint;
}

export interface Tally {
  /** In order of arrival. */
  readonly votes: readonly Vote[];
  /** Weight of the seats heard, each counted once. */
  readonly heard: bigint;
  readonly shares: readonly Share[];
}

export const EMPTY_TALLY: Tally = { votes: [], heard: 0n, shares: [] };

/** True if `addVote` should count the vote. If more than 1/3 voted for a value, one of these votes is honest. */
export function isNewVote(tally: Tally, vote: Vote, total: bigint): boolean {
  const earlier = votesOf(tally, vote.seat);
  if (earlier.some((other) => isSame(other, vote))) return false;
  if (earlier.length < VOTES_PER_SEAT) return true;
  return exceedsThird(shareOfVote(tally, vote)?.weight ?? 0n, total);
}

/** Adds a new vote (see `isNewVote`) of a seat with this weight. */
export function addVote(tally: Tally, vote: Vote, weight: bigint): Tally {
  const { validRound } = vote;
  const value = voteValue(vote.blockHash);
  const before = shareOfVote(tally, vote);
  const share = { value, validRound, weight: (before?.weight ?? 0n) + weight };
  return {
    votes: [...tally.votes, vote],
    heard: votesOf(tally, vote.seat).length === 0 ? tally.heard + weight : tally.heard,
    shares: [...tally.shares.filter((other) => other !== before), share],
  };
}

/** The votes of one seat; more than one if it equivocates. */
export function votesOf(tally: Tally, seat: number): Vote[] {
  return tally.votes.filter((vote) => vote.seat === seat);
}

/** Weight behind one value with one reason; null = nil. */
export function shareOf(tally: Tally, value: ValueId | null): bigint {
  return tally.shares.reduce(
    (most, share) => (share.value === value && share.weight > most ? share.weight : most),
    0n,
  );
}

function shareOfVote({ shares }: Tally, { blockHash, validRound }: Vote): Share | undefined {
  const value = voteValue(blockHash);
  return shares.find((share) => share.value === value && share.validRound === validRound);
}

function isSame(a: Vote, b: Vote): boolean {
  return equalBytes(a.blockHash, b.blockHash) && a.validRound === b.validRound;
}

/** The values (not nil) with more than 2/3 of the total; there are several only if a third is faulty. */
export function quorumValues(tally: Tally, total: bigint): ValueId[] {
  return tally.shares.flatMap(({ value, weight }) =>
    value !== null && isQuorum(weight, total) ? [value] : [],
  );
}

/** The votes for one value. */
export function votesFor(tally: Tally, value: ValueId): Vote[] {
  return tally.votes.filter((vote) => voteValue(vote.blockHash) === value);
}
