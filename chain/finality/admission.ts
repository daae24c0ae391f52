/**
 * Which messages the reducer would take in: cheap enough to ask before a signature is verified or a
 * block is applied. Also the limits that keep a faulty seat from filling the memory.
 */
import { VOTE_TYPES, type Vote } from "../types/vote.ts";
import { exceedsThird } from "./quorum.ts";
import { type ProposalMessage, proposerSeat, type RoundState, roundAt } from "./round-state.ts";
import { isNewVote } from "./tally.ts";
import { isVoteForm } from "./vote.ts";

/**
 * Messages of later rounds are kept up to this distance. Of votes beyond, only the highest round of their sender is:
 * that is what the skip rule needs, and once the node has skipped, peers send the messages again. Proposals beyond are
 * dropped unseen, since no rule asks for one and its block would have to be applied. Past rounds are all kept, since a
 * proposal may refer to any of them: rounds take longer and longer, and of a seat few values are kept per round and
 * type (tally.ts).
 */
export const FUTURE_ROUNDS = 4;

/**
 * A seat that was heard in a far round is heard again when its distance has grown by this part. A seat alone can so
 * make others verify some 45 far votes a height, not 65,535; where more than a third really are so far, all skip.
 */
const DISTANCE_GROWTH = 4;

/** Rounds are uint16 on the wire. */
export const MAX_ROUND = 0xffff;

const PROPOSALS_PER_ROUND = 2;

/** False for a vote of another height, of no seat, malformed, already counted, or beyond what is kept. */
export function isNewsVote(state: RoundState, vote: Vote): boolean {
  const type = VOTE_TYPES[vote.type];
  const heardIn = state.heardIn[vote.seat];
  if (!isVoteForm(vote)) return false;
  if (vote.height !== state.height || state.step === "decided") return false;
  if (type === undefined || heardIn === undefined || !isRound(vote.round)) return false;
  if (!isKept(state, vote)) return isFarther(state, heardIn, vote.round);
  return isNewVote(roundAt(state, vote.round)[type], vote, state.total);
}

/** False for a proposal of another height, out of turn, too far ahead, malformed, already known, or a third one. */
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

/** Whether the content of a message of this round is kept, or only that its sender was heard. */
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

/** The highest round in which, or above which, more than 1/3 of the weight was heard; -1 = none. */
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
