/**
 * Which messages the reducer would accept. These checks are cheap, so they come before a signature is verified or a
 * block is applied. They include the limits that keep a faulty seat from filling the memory.
 */
import { VOTE_TYPES, type Vote } from "../types/vote.ts";
import { exceedsThird } from "./quorum.ts";
import { type ProposalMessage, proposerSeat, type RoundState, roundAt } from "./round-state.ts";
import { isNewVote } from "./tally.ts";
import { isVoteForm } from "./vote.ts";

/**
 * Messages of later rounds are kept up to this distance. Of votes further ahead only the highest round of each sender
 * is kept: the skip rule needs no more, and after a skip peers send the messages again. Proposals further ahead are
 * dropped unread, because no rule uses one and its block would have to be applied. All past rounds are kept, because a
 * proposal may refer to any of them. There are few of them, because rounds become longer and longer, and for each seat
 * few values are kept per round and type (tally.ts).
 */
export const FUTURE_ROUNDS = 4;

/**
 * A far vote of a seat counts again only when its distance has grown by this part. So a single seat can make other
 * nodes verify about 45 far votes per height, not 65,535. If more than a third really are that far ahead, all nodes
 * skip.
 */
const DISTANCE_GROWTH = 4;

/** Rounds are uint16 on the wire. */
export const MAX_ROUND = 0xffff;

const PROPOSALS_PER_ROUND = 2;

/** False for a vote that is for another height, has no seat, is malformed, was counted already, or is too far ahead. */
export function isNewsVote(state: RoundState, vote: Vote): boolean {
  const type = VOTE_TYPES[vote.type];
  const heardIn = state.heardIn[vote.seat];
  if (!isVoteForm(vote)) return false;
  if (vote.height !== state.height || state.step === "decided") return false;
  if (type === undefined || heardIn === undefined || !isRound(vote.round)) return false;
  if (!isKept(state, vote)) return isFarther(state, heardIn, vote.round);
  return isNewVote(roundAt(state, vote.round)[type], vote, state.total);
}

/**
 * False for a proposal that is for another height, out of turn, too far ahead, malformed, known already, or the third
 * for its round.
 */
export function isNewsProposal(
  state: RoundState,
  proposal: Omit<ProposalMessage, "timely">,
): boolean {
  const { round, validRound, seat, value } = proposal;
  if (proposal.height !== state.height || state.step === "decided" || !isRound(round)) return false;
  if (seat !== proposerSeat(state, round)) return false;
  if (!Number.isInteger(validRound) || validRound < -1 || validRound >= round) return false;
  if (state.wanted.includes(value)) return true;
  if (!isKept(state, proposal)) return false;
  const { proposals } = roundAt(state, round);
  return proposals.length < PROPOSALS_PER_ROUND && !proposals.some((p) => isSame(p, proposal));
}

/** Whether the content of a message of this round is kept, or only the fact that its sender was heard. */
export function isKept(
  state: RoundState,
  { round, seat }: { readonly round: number; readonly seat: number },
): boolean {
  return seat === state.self || round <= state.round + FUTURE_ROUNDS;
}

function isFarther(state: RoundState, heardIn: number, round: number): boolean {
  const distance = heardIn - state.round;
  if (distance <= FUTURE_ROUNDS) return true;
  return round - heardIn >= Math.ceil(distance / DISTANCE_GROWTH);
}

/** The highest round such that more than 1/3 of the weight was heard in it or in later ones; -1 = none. */
export function roundOfThird(state: RoundState): number {
  const heard = state.heardIn
    .map((round, seat) => ({ round, weight: state.weights[seat] ?? 0n }))
    .sort((a, b) => b.round - a.round);
  let weight = 0n;
  for (const entry of heard) {
    weight += entry.weight;
    if (exceedsThird(weight, state.total)) return entry.round;
  }
  return -1;
}

export function isSame(
  a: Pick<ProposalMessage, "value" | "validRound">,
  b: Pick<ProposalMessage, "value" | "validRound">,
): boolean {
  return a.value === b.value && a.validRound === b.validRound;
}

function isRound(round: number): boolean {
  return Number.isInteger(round) && round >= 0 && round <= MAX_ROUND;
}
