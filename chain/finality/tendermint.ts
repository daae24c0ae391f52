/**
 * Finality by the rules of Tendermint (arXiv 1807.04938, Algorithm 1; "line n" below refers to it) as a pure reducer.
 * The driver owns clock, keys, journal and network: it verifies messages before it passes them in, and carries out the
 * effects. This node's own votes and proposals count when the driver passes them back, so that what was signed and what
 * was counted never differ.
 */

import { VOTE_TYPES, type Vote } from "../types/vote.ts";
import { isKept, isNewsProposal, isNewsVote, isSame, MAX_ROUND } from "./admission.ts";
import { amnesiaOf, makeDuplicateVote } from "./contradiction.ts";
import type { Effect, Event, ProposalEvent, TimeoutEvent } from "./messages.ts";
import { proposerSeat, type RoundState, roundAt, validityOf, withRound } from "./round-state.ts";
import { applyRules, castVote, startRound } from "./rules.ts";
import { addVote, votesOf } from "./tally.ts";
import { type ValueId, type VoteType, voteValue } from "./vote.ts";

interface Transition {
  readonly state: RoundState;
  /** In the order in which they must be carried out. */
  readonly effects: readonly Effect[];
}

/**
 * Takes in one event and applies every rule that it enables. For an event without news (see admission.ts) it returns
 * the same state and no effects.
 */
export function step(state: RoundState, event: Event): Transition {
  const effects: Effect[] = [];
  const { height } = event.kind === "vote" ? event.vote : event;
  if (height !== state.height || state.step === "decided") return { state, effects };
  const received = receive(state, event, effects);
  if (received === state) return { state, effects };
  return { state: applyRules(received, effects), effects };
}

function receive(state: RoundState, event: Event, effects: Effect[]): RoundState {
  switch (event.kind) {
    case "start": // line 10
      return state.step === "waiting" ? startRound(state, 0, effects) : state;
    case "proposal":
      return isNewsProposal(state, event) ? receiveProposal(state, event, effects) : state;
    case "vote":
      return isNewsVote(state, event.vote) ? receiveVote(state, event.vote, effects) : state;
    case "timeout":
      return onTimeout(state, event, effects);
    case "built":
      if (event.round !== state.round || state.step !== "propose") return state;
      if (proposerSeat(state, event.round) !== state.self) return state;
      if (roundAt(state, event.round).proposals.length > 0) return state;
      effects.push({ ...event, kind: "propose", validRound: -1 });
      return learn(state, event.value, true);
    case "value":
      return isMissing(state, event.value) ? learn(state, event.value, event.valid) : state;
    default:
      return event satisfies never;
  }
}

function receiveProposal(state: RoundState, event: ProposalEvent, effects: Effect[]): RoundState {
  const { kind: _, valid, ...proposal } = event;
  let next = hear(state, proposal.seat, proposal.round);
  next = learn(next, proposal.value, valid);
  const round = roundAt(next, proposal.round);
  if (round.proposals.some((known) => isSame(known, proposal))) return next;
  const [first, second] = round.proposals;
  if (second !== undefined) return next;
  if (first !== undefined) effects.push({ kind: "double-proposal", first, second: proposal });
  return withRound(next, { ...round, proposals: [...round.proposals, proposal] });
}

function receiveVote(state: RoundState, vote: Vote, effects: Effect[]): RoundState {
  const type = VOTE_TYPES[vote.type];
  const weight = state.weights[vote.seat];
  if (type === undefined || weight === undefined) return state;
  let next = hear(state, vote.seat, vote.round);
  if (vote.seat === state.self) next = standBy(next, vote, type);
  if (!isKept(next, vote)) return next;
  const round = roundAt(next, vote.round);
  const [first, ...others] = votesOf(round[type], vote.seat);
  if (first !== undefined && others.length === 0) {
    effects.push({ kind: "double-vote", proof: makeDuplicateVote(first, vote) });
  }
  for (const proof of amnesiaOf(next.rounds, vote)) effects.push({ kind: "amnesia", proof });
  return withRound(next, { ...round, [type]: addVote(round[type], vote, weight) });
}

/**
 * Our own vote binds us. In a running node the state has already moved on, and this changes nothing; after a crash it
 * restores round, step and lock from the journaled votes alone.
 */
function standBy(state: RoundState, vote: Vote, type: VoteType): RoundState {
  const { round } = vote;
  let next = state;
  const isLater =
    round > state.round ||
    state.step === "waiting" ||
    state.step === "propose" ||
    (state.step === "prevote" && type === "precommit");
  if (round >= state.round && isLater) next = { ...next, round, step: type };
  const value = voteValue(vote.blockHash);
  if (type === "prevote" || value === null) return next;
  if (next.locked === null || next.locked.round < round) {
    next = { ...next, locked: { round, value } };
  }
  if (next.valid === null || next.valid.round < round) {
    next = { ...next, valid: { round, value } };
  }
  return next;
}

/** Lines 57-67. */
function onTimeout(state: RoundState, event: TimeoutEvent, effects: Effect[]): RoundState {
  if (event.round !== state.round) return state;
  switch (event.step) {
    case "propose":
      return state.step === "propose" ? castVote(state, "prevote", null, effects) : state;
    case "prevote":
      return state.step === "prevote" ? castVote(state, "precommit", null, effects) : state;
    case "precommit":
      return state.round < MAX_ROUND ? startRound(state, state.round + 1, effects) : state;
    default:
      return event.step satisfies never;
  }
}

/** A block without a proposal is accepted only if it was asked for, or belongs to our lock. */
function isMissing(state: RoundState, value: ValueId): boolean {
  return [...state.wanted, state.locked?.value, state.valid?.value].includes(value);
}

function learn(state: RoundState, value: ValueId, valid: boolean): RoundState {
  if (validityOf(state, value) !== undefined) return state;
  return {
    ...state,
    values: [...state.values, { value, valid }],
    wanted: state.wanted.filter((other) => other !== value),
  };
}

function hear(state: RoundState, seat: number, round: number): RoundState {
  if ((state.heardIn[seat] ?? -1) >= round) return state;
  return { ...state, heardIn: state.heardIn.with(seat, round) };
}
