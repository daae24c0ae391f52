/**
 * What a node knows about the height under way: plain immutable data, so that the status page can show it, and so that
 * it can be rebuilt after a crash from the journaled events.
 */
import { EMPTY_TALLY, type Tally } from "./tally.ts";
import type { ValueId, VoteType } from "./vote.ts";

/** `waiting`: the height is known, but its first round has not begun. `decided`: nothing is left to do. */
export type Step = "waiting" | "propose" | "prevote" | "precommit" | "decided";

/** A value, and the round in which more than 2/3 of the prevotes were for it. */
export interface Polka {
  readonly round: number;
  readonly value: ValueId;
}

/** A proposal without its block. */
export interface ProposalMessage {
  readonly height: number;
  readonly round: number;
  /** Round of the polka on which the proposer bases it; -1 = none. */
  readonly validRound: number;
  readonly value: ValueId;
  /** The proposer's position among the seats. */
  readonly seat: number;
  /** Its time was close to the local clock when it arrived. This decides only the prevote. */
  readonly timely: boolean;
}

interface Round {
  readonly round: number;
  /** The first one counts; a second one shows that the proposer equivocates. */
  readonly proposals: readonly ProposalMessage[];
  readonly prevote: Tally;
  readonly precommit: Tally;
  /** Timers that have been requested already ("for the first time" in the algorithm). */
  readonly timers: readonly VoteType[];
}

export interface RoundState {
  readonly height: number;
  /** By seat. */
  readonly weights: readonly bigint[];
  readonly total: bigint;
  /** This node's own seat; null = it only follows. */
  readonly self: number | null;
  /** seat order[r mod length] proposes in round r. */
  readonly order: readonly number[];
  readonly round: number;
  readonly step: Step;
  readonly locked: Polka | null;
  readonly valid: Polka | null;
  /** Blocks that this node has, and whether they apply to its head. */
  readonly values: readonly { readonly value: ValueId; readonly valid: boolean }[];
  /** Values with a quorum whose blocks this node does not have. */
  readonly wanted: readonly ValueId[];
  /** In round order; only rounds with messages. */
  readonly rounds: readonly Round[];
  /** The highest round in which each seat was heard; -1 = not yet. */
  readonly heardIn: readonly number[];
  readonly decision: Polka | null;
}

interface HeightOptions {
  readonly height: number;
  readonly seats: readonly { readonly weight: bigint }[];
  /** This node's own seat; null = it only follows. */
  readonly self: number | null;
  /** Seats in the drawn proposer order. */
  readonly order: readonly number[];
}

/**
 * The state before the first message of a height.
 * @throws RangeError for seats, order or self that do not fit together
 */
export function startHeight({ height, seats, self, order }: HeightOptions): RoundState {
  const weights = seats.map((seat) => seat.weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (!Number.isSafeInteger(height) || height < 1) {
    throw new RangeError(`height must be a positive integer, got ${height}`);
  }
  if (total <= 0n || weights.some((weight) => weight < 0n)) {
    throw new RangeError("seats must have weights of 0 or more and a positive sum");
  }
  if (order.length === 0 || order.some((seat) => weights[seat] === undefined)) {
    throw new RangeError(`order must name seats below ${weights.length}, got [${order}]`);
  }
  if (self !== null && weights[self] === undefined) {
    throw new RangeError(`self must be a seat below ${weights.length} or null, got ${self}`);
  }
  return {
    height,
    weights,
    total,
    self,
    order: [...order],
    round: 0,
    step: "waiting",
    locked: null,
    valid: null,
    values: [],
    wanted: [],
    rounds: [],
    heardIn: weights.map(() => -1),
    decision: null,
  };
}

export function proposerSeat(state: RoundState, round: number): number {
  const seat = state.order[round % state.order.length];
  if (seat === undefined) throw new RangeError(`no proposer for round ${round}`);
  return seat;
}

/** What is known about a round; an empty round if nothing is. */
export function roundAt(state: RoundState, round: number): Round {
  return (
    state.rounds.find((known) => known.round === round) ?? {
      round,
      proposals: [],
      prevote: EMPTY_TALLY,
      precommit: EMPTY_TALLY,
      timers: [],
    }
  );
}

export function withRound(state: RoundState, round: Round): RoundState {
  const others = state.rounds.filter((known) => known.round !== round.round);
  const rounds = [...others, round].sort((a, b) => a.round - b.round);
  return { ...state, rounds };
}

/** Whether the block of a value applies; undefined = this node does not have the block. */
export function validityOf(state: RoundState, value: ValueId): boolean | undefined {
  return state.values.find((known) => known.value === value)?.valid;
}
