/** Drives the reducer by hand: four seats of weight 1 unless told otherwise, values by number. */
import type { Effect, Event, TimerStep } from "../../../chain/finality/messages.ts";
import { type RoundState, startHeight } from "../../../chain/finality/round-state.ts";
import { step } from "../../../chain/finality/tendermint.ts";
import {
  hashOf,
  toValueId,
  type ValueId,
  type VoteType,
  voteTypeIndex,
} from "../../../chain/finality/vote.ts";
import type { Vote } from "../../../chain/types/vote.ts";

export const HEIGHT = 7;

export function value(number: number): ValueId {
  return toValueId(new Uint8Array(32).fill(number));
}
export const V = value(1);
export const W = value(2);
export const X = value(3);

export function vote(
  type: VoteType,
  seat: number,
  {
    round = 0,
    value: chosen,
    validRound = -1,
  }: { round?: number; value: ValueId | null; validRound?: number },
): Vote {
  return {
    height: HEIGHT,
    round,
    type: voteTypeIndex(type),
    blockHash: hashOf(chosen),
    validRound: validRound + 1,
    seat,
    signature: new Uint8Array(64).fill(seat + 1),
  };
}

export interface DriveOptions {
  readonly weights?: readonly bigint[];
  readonly self?: number | null;
  readonly order?: readonly number[];
}

/** Our seat is 0; round r is proposed by seat (r + 1) mod 4. */
export class Drive {
  state: RoundState;
  /** All effects so far. */
  readonly effects: Effect[] = [];

  constructor({ weights = [1n, 1n, 1n, 1n], self = 0, order = [1, 2, 3, 0] }: DriveOptions = {}) {
    const seats = weights.map((weight) => ({ weight }));
    this.state = freeze(startHeight({ height: HEIGHT, seats, self, order }));
  }

  /** Feeds one event to a frozen state and returns its effects. */
  feed(event: Event): readonly Effect[] {
    const { state, effects } = step(this.state, event);
    this.state = freeze(state);
    this.effects.push(...effects);
    return effects;
  }

  /** Feeds an event; our own votes it leads to are fed back, as the driver does. */
  run(event: Event): readonly Effect[] {
    const all: Effect[] = [];
    const events: Event[] = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const effects = this.feed(next);
      all.push(...effects);
      for (const effect of effects) {
        if (effect.kind !== "vote" || this.state.self === null) continue;
        const { round, value: chosen, validRound } = effect;
        const own = vote(effect.type, this.state.self, { round, value: chosen, validRound });
        events.push({ kind: "vote", vote: own });
      }
    }
    return all;
  }

  start(): readonly Effect[] {
    return this.run({ kind: "start", height: HEIGHT });
  }

  proposal(
    round: number,
    chosen: ValueId,
    options: { validRound?: number; valid?: boolean; timely?: boolean; seat?: number } = {},
  ): readonly Effect[] {
    const { validRound = -1, valid = true, timely = true } = options;
    const seat = options.seat ?? this.state.order[round % this.state.order.length] ?? 0;
    const event = { height: HEIGHT, round, validRound, value: chosen, seat, valid, timely };
    return this.run({ kind: "proposal", ...event });
  }

  /** Votes of several seats for one value, one after another; prevotes give the reason of the proposal we know. */
  votes(
    type: VoteType,
    seats: readonly number[],
    choice: { round?: number; value: ValueId | null; validRound?: number },
  ): readonly Effect[] {
    const { round = 0, value: chosen } = choice;
    const known = this.state.rounds.find((other) => other.round === round)?.proposals ?? [];
    const answered = known.find((proposal) => type === "prevote" && proposal.value === chosen);
    const given = { validRound: answered?.validRound ?? -1, ...choice };
    return seats.flatMap((seat) => [...this.run({ kind: "vote", vote: vote(type, seat, given) })]);
  }

  timeout(timer: TimerStep, round: number): readonly Effect[] {
    return this.run({ kind: "timeout", step: timer, height: HEIGHT, round });
  }

  /** Our votes so far, as `type round value`. */
  get cast(): string[] {
    return this.effects.flatMap((effect) =>
      effect.kind === "vote" ? [show(effect.type, effect.round, effect.value)] : [],
    );
  }

  /** Locks seat 0 on `chosen` in round 0 and leaves it in precommit. */
  lock(chosen: ValueId): this {
    this.start();
    this.proposal(0, chosen);
    this.votes("prevote", [1, 2], { value: chosen });
    return this;
  }
}

export function show(type: VoteType, round: number, chosen: ValueId | null): string {
  return `${type} ${round} ${chosen === null ? "nil" : Number.parseInt(chosen.slice(0, 2), 16)}`;
}

export function kinds(effects: readonly Effect[]): string[] {
  return effects.map((effect) => effect.kind);
}

/** A pure reducer never writes to the state it was given: make any attempt throw. */
function freeze<T>(thing: T): T {
  if (typeof thing !== "object" || thing === null || ArrayBuffer.isView(thing)) return thing;
  if (Object.isFrozen(thing)) return thing;
  Object.freeze(thing);
  for (const inner of Object.values(thing)) freeze(inner);
  return thing;
}
