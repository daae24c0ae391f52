/**
 * What to send again while a height is open. Without it runs stall for ever: some nodes got the
 * last vote, others never. A peer at an earlier height gets the certified block instead.
 */
import type { Vote } from "../types/block.ts";
import type { ProposalMessage, Round, RoundState } from "./round-state.ts";

export interface Resend {
  readonly proposals: readonly ProposalMessage[];
  readonly votes: readonly Vote[];
}

/** Our own messages of the rounds that still matter: for everyone, on a timer. */
export function ownMessages(state: RoundState): Resend {
  const { proposals, votes } = knownMessages(state);
  return {
    proposals: proposals.filter((proposal) => proposal.seat === state.self),
    votes: votes.filter((vote) => vote.seat === state.self),
  };
}

/**
 * All messages of the rounds that still matter: for one peer at a time. These rounds are the one
 * under way, the one before (whose precommits end it), and those of the lock and the valid value
 * (whose prevotes a proposal refers to, and whose precommits may decide).
 */
export function knownMessages(state: RoundState): Resend {
  if (state.step === "decided") return { proposals: [], votes: [] };
  const wanted = [state.round, state.round - 1, state.locked?.round, state.valid?.round];
  const rounds = state.rounds.filter(({ round }) => wanted.includes(round));
  return {
    proposals: rounds.flatMap((round) => round.proposals),
    votes: rounds.flatMap((round: Round) => [...round.prevote.votes, ...round.precommit.votes]),
  };
}
