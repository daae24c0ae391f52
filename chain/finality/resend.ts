/**
 * The messages to send again while a height is open. Without this the network would stall for ever when some nodes got
 * the last vote and others did not. A peer at an earlier height gets the certified block instead.
 */
import type { Vote } from "../types/vote.ts";
import type { ProposalMessage, RoundState } from "./round-state.ts";

interface Resend {
  readonly proposals: readonly ProposalMessage[];
  readonly votes: readonly Vote[];
}

/**
 * The messages of the rounds that still matter, to be sent to one peer at a time. These rounds are: the current one;
 * the previous one (its precommits end it); those of the lock and of the valid value (their precommits may decide); and
 * those whose polka a recent proposal refers to, because the proposer may have lost the polka in a crash and needs
 * every node that knows a part of it. For the same reason this includes the proposals of all values that some node
 * precommitted and may be locked on. Newest proposals come first.
 */
export function knownMessages(state: RoundState): Resend {
  if (state.step === "decided") return { proposals: [], votes: [] };
  const recent = [state.round, state.round - 1];
  const referred = state.rounds
    .filter(({ round }) => recent.includes(round))
    .flatMap(({ proposals }) => proposals.map((proposal) => proposal.validRound));
  const wanted = new Set([...recent, ...referred, state.locked?.round, state.valid?.round]);
  const locking = new Set(
    state.rounds.flatMap(({ precommit }) => precommit.shares.map((share) => share.value)),
  );
  return {
    proposals: state.rounds
      .flatMap(({ proposals }) => proposals)
      .filter(({ round, value }) => wanted.has(round) || locking.has(value))
      .reverse(),
    votes: state.rounds
      .filter(({ round }) => wanted.has(round))
      .flatMap(({ prevote, precommit }) => [...prevote.votes, ...precommit.votes]),
  };
}
