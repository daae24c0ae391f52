/**
 * Finality by the rules of Tendermint (arXiv 1807.04938, Algorithm 1; "line n" below refers to it)
 * as a pure reducer. The driver owns clock, keys, journal and network: it verifies messages before
 * they come in and carries out the effects. Our own votes and proposals count when the driver feeds
 * them back, so that what was signed and what was counted never differ.
 */
import { VOTE_TYPES, type Vote } from "../types/block.ts";
import {
  isKept,
  isNewsProposal,
  isNewsVote,
  isSame,
  MAX_ROUND,
  roundOfThird,
} from "./admission.ts";
import { assembleCertificate } from "./certificate.ts";
import { makeEvidence } from "./evidence.ts";
import type { Effect, Event, ProposalEvent, TimeoutEvent } from "./messages.ts";
import { isQuorum } from "./quorum.ts";
import { proposerSeat, type RoundState, roundAt, validityOf, withRound } from "./round-state.ts";
import { addVote, quorumValues, shareOf, votesFor, votesOf } from "./tally.ts";
import { type ValueId, type VoteType, voteValue } from "./vote.ts";

export interface Transition {
  readonly state: RoundState;
  /** In the order in which they are to be carried out. */
  readonly effects: readonly Effect[];
}

/**
 * Takes one event in and applies every rule it enables. Events that say nothing new (see
 * admission.ts) return the very same state and no effects.
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
      return state.wanted.includes(event.value) ? learn(state, event.value, event.valid) : state;
    default:
      return event satisfies never;
  }
}

function receiveProposal(state: RoundState, event: ProposalEvent, effects: Effect[]): RoundState {
  const { kind: _, valid, ...proposal } = event;
  let next = hear(state, proposal.seat, proposal.round);
  if (!isKept(state, proposal) && !state.wanted.includes(proposal.value)) return next;
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
    effects.push({ kind: "evidence", evidence: makeEvidence(first, vote) });
  }
  return withRound(next, { ...round, [type]: addVote(round[type], vote, weight) });
}

/**
 * Our own vote binds us. In a running node the state has moved on already and this changes nothing;
 * after a crash the journaled votes alone bring back the round, the step and the lock.
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

/** Each returns the same state if it is not enabled. */
type Rule = (state: RoundState, effects: Effect[]) => RoundState;
const RULES: readonly Rule[] = [
  decide,
  skipRounds,
  prevoteProposal,
  precommitPolka,
  precommitNil,
  scheduleTimers,
];

function applyRules(state: RoundState, effects: Effect[]): RoundState {
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
 * Lines 11-21. Unlike the paper the proposer sets the timer too: building may fail. A proposal of
 * ours that is known already was signed before a crash, and there is never a second one.
 */
function startRound(state: RoundState, round: number, effects: Effect[]): RoundState {
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
 * Lines 49-54, in any round. The proposal itself is not asked for, here and in line 36: a quorum of
 * votes holds a correct seat that had it, so holding the block is enough.
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
 * Lines 55-56, with messages of this round or a later one: more than 1/3 of the weight holds a
 * correct seat, so some correct node has come at least so far.
 */
function skipRounds(state: RoundState, effects: Effect[]): RoundState {
  if (!state.heardIn.some((round) => round > state.round)) return state;
  const target = roundOfThird(state);
  return target > state.round ? startRound(state, target, effects) : state;
}

/** Lines 22-27 (fresh proposal) and 28-33 (one with a polka of an earlier round). */
function prevoteProposal(state: RoundState, effects: Effect[]): RoundState {
  if (state.step !== "propose") return state;
  const [proposal] = roundAt(state, state.round).proposals;
  if (proposal === undefined) return state;
  const { value, validRound, timely } = proposal;
  const isFresh = validRound < 0;
  if (!isFresh) {
    const polka = shareOf(roundAt(state, validRound).prevote, value);
    if (!isQuorum(polka, state.total)) return state;
  }
  const { locked } = state;
  const isFree = isFresh
    ? locked === null && timely
    : locked === null || locked.round <= validRound;
  const accepts = validityOf(state, value) === true && (isFree || locked?.value === value);
  return castVote(state, "prevote", accepts ? value : null, effects);
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

function castVote(
  state: RoundState,
  type: VoteType,
  value: ValueId | null,
  effects: Effect[],
): RoundState {
  const { height, round } = state;
  if (state.self !== null) effects.push({ kind: "vote", type, height, round, value });
  return { ...state, step: type };
}

function want(state: RoundState, round: number, value: ValueId, effects: Effect[]): RoundState {
  if (state.wanted.includes(value)) return state;
  effects.push({ kind: "want", height: state.height, round, value });
  return { ...state, wanted: [...state.wanted, value] };
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
