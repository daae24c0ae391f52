/**
 * What to send again while a height is open. Without it runs stall for ever: some nodes got the
 * last vote, others never. A peer at an earlier height gets the certified block instead.
 */
import type { Vote } from "../types/vote.ts";
import type { ProposalMessage, RoundState } from "./round-state.ts";

interface Resend {
  readonly proposals: readonly ProposalMessage[];
  readonly votes: readonly Vote[];
}

/**
 * Messages of the rounds that still matter: for one peer at a time. These rounds are the one under
 * way, the one before (whose precommits end it), those of the lock and the valid value (whose
 * precommits may decide), and those whose polka a recent proposal refers to: the proposer may have
 * lost it in a crash, so whoever knows a part of it shows it. For the same reason the proposals of
 * all values that someone precommitted, and may be locked on, are shown. Newest proposals first.
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
