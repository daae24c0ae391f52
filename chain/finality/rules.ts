/**
 * The rules of Tendermint that follow from what is known (arXiv 1807.04938, Algorithm 1; "line n" refers to it). Those
 * that answer a single event are in tendermint.ts.
 */
import { VOTE_TYPES } from "../types/vote.ts";
import { roundOfThird } from "./admission.ts";
import { assembleCertificate } from "./certificate.ts";
import type { Effect } from "./messages.ts";
import { isQuorum } from "./quorum.ts";
import {
  type Polka,
  proposerSeat,
  type RoundState,
  roundAt,
  validityOf,
  withRound,
} from "./round-state.ts";
import { quorumValues, shareOf, votesFor } from "./tally.ts";
import type { ValueId, VoteType } from "./vote.ts";

/** Each returns the same state if it does not apply. */
type Rule = (state: RoundState, effects: Effect[]) => RoundState;
const RULES: readonly Rule[] = [
  decide,
  skipRounds,
  prevoteProposal,
  precommitPolka,
  precommitNil,
  scheduleTimers,
];

/** Applies the rules until none applies any more; adds to `effects`. */
export function applyRules(state: RoundState, effects: Effect[]): RoundState {
  let current = state;
  for (;;) {
    let next = current;
    for (const rule of RULES) {
      next = rule(next, effects);
      if (next.step === "decided") return next;
    }
    if (next === current) return current;
    current = next;
  }
}

/**
 * Lines 11-21. Unlike in the paper the proposer sets the timer too, because building a block may fail. If a proposal of
 * ours is known already, we signed it before a crash; we never sign a second one.
 */
export function startRound(state: RoundState, round: number, effects: Effect[]): RoundState {
  const { height } = state;
  const next: RoundState = { ...state, round, step: "propose" };
  effects.push({ kind: "timer", step: "propose", height, round });
  const isOurs = proposerSeat(next, round) === next.self;
  if (!isOurs || roundAt(next, round).proposals.length > 0) return next;
  if (next.valid === null) {
    effects.push({ kind: "build", height, round });
    return next;
  }
  const { value, round: validRound } = next.valid;
  if (validityOf(next, value) === undefined) return want(next, validRound, value, effects);
  effects.push({ kind: "propose", height, round, validRound, value });
  return next;
}

/**
 * Lines 49-54, in any round. Neither this nor line 36 requires the proposal itself: among the seats of a quorum one is
 * correct and had it, so it is enough to have the block.
 */
function decide(state: RoundState, effects: Effect[]): RoundState {
  for (const { round, precommit } of state.rounds) {
    for (const value of quorumValues(precommit, state.total)) {
      const valid = validityOf(state, value);
      if (valid === undefined) return want(state, round, value, effects);
      if (!valid) continue;
      const certificate = assembleCertificate(votesFor(precommit, value));
      effects.push({ kind: "commit", height: state.height, round, value, certificate });
      return { ...state, step: "decided", decision: { round, value } };
    }
  }
  return state;
}

/**
 * Lines 55-56, with messages of this round or a later one: among the seats with more than 1/3 of the weight one is
 * correct, so a correct node has reached at least this round.
 */
function skipRounds(state: RoundState, effects: Effect[]): RoundState {
  if (!state.heardIn.some((round) => round > state.round)) return state;
  const target = roundOfThird(state);
  return target > state.round ? startRound(state, target, effects) : state;
}

/**
 * Lines 22-27 (new proposal) and 28-33 (proposal with a polka of an earlier round). Unlike in the paper, a node that is
 * locked on this block prevotes nil if the proposal's polka is older than its lock. So the reason of an honest prevote
 * is never older than any of its precommits. The proof of termination does not need that case, because the polka behind
 * a lock reaches every proposer.
 */
function prevoteProposal(state: RoundState, effects: Effect[]): RoundState {
  if (state.step !== "propose") return state;
  const [proposal] = roundAt(state, state.round).proposals;
  if (proposal === undefined) return state;
  const { value, validRound, timely } = proposal;
  const isFresh = validRound < 0;
  if (!isFresh && !hasPolka(state, { round: validRound, value })) return state;
  const { locked } = state;
  const isFree = isFresh
    ? locked === null && timely
    : locked === null || locked.round <= validRound;
  const accepts = validityOf(state, value) === true && isFree;
  return accepts
    ? castVote(state, "prevote", value, effects, validRound)
    : castVote(state, "prevote", null, effects);
}

/** Our lock and our valid value prove polkas whose votes we may have lost in a crash. */
function hasPolka(state: RoundState, { round, value }: Polka): boolean {
  const own = [state.locked, state.valid];
  if (own.some((polka) => polka?.round === round && polka.value === value)) return true;
  return isQuorum(shareOf(roundAt(state, round).prevote, value), state.total);
}

/** Lines 36-43. */
function precommitPolka(state: RoundState, effects: Effect[]): RoundState {
  const { round, total } = state;
  if (state.step !== "prevote" && state.step !== "precommit") return state;
  if (state.valid?.round === round) return state;
  const [value] = quorumValues(roundAt(state, round).prevote, total);
  if (value === undefined) return state;
  const validity = validityOf(state, value);
  if (validity === undefined) return want(state, round, value, effects);
  if (!validity) return state;
  const valid = { round, value };
  if (state.step === "precommit") return { ...state, valid };
  return castVote({ ...state, locked: valid, valid }, "precommit", value, effects);
}

/** Lines 44-46. */
function precommitNil(state: RoundState, effects: Effect[]): RoundState {
  const nil = shareOf(roundAt(state, state.round).prevote, null);
  if (state.step !== "prevote" || !isQuorum(nil, state.total)) return state;
  return castVote(state, "precommit", null, effects);
}

/** Lines 34-35 and 47-48. */
function scheduleTimers(state: RoundState, effects: Effect[]): RoundState {
  const { height, total } = state;
  const round = roundAt(state, state.round);
  const due = VOTE_TYPES.filter(
    (type) =>
      isQuorum(round[type].heard, total) &&
      !round.timers.includes(type) &&
      (type === "precommit" || state.step === "prevote"),
  );
  if (due.length === 0) return state;
  for (const type of due) effects.push({ kind: "timer", step: type, height, round: round.round });
  return withRound(state, { ...round, timers: [...round.timers, ...due] });
}

/** Enters the step of a vote; the vote itself counts when the driver passes it back. */
export function castVote(
  state: RoundState,
  type: VoteType,
  value: ValueId | null,
  effects: Effect[],
  validRound = -1,
): RoundState {
  const { height, round } = state;
  if (state.self !== null) effects.push({ kind: "vote", type, height, round, value, validRound });
  return { ...state, step: type };
}

function want(state: RoundState, round: number, value: ValueId, effects: Effect[]): RoundState {
  if (state.wanted.includes(value)) return state;
  effects.push({ kind: "want", height: state.height, round, value });
  return { ...state, wanted: [...state.wanted, value] };
}
