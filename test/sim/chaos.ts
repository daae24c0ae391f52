/**
 * A faulty seat that answers every message it hears with a few signed ones at random: conflicting
 * votes and proposals (some of blocks that do not apply), of this round and of others, to some.
 */
import type { ProposalMessage } from "../../chain/finality/round-state.ts";
import { hashOf, type ValueId, voteValue } from "../../chain/finality/vote.ts";
import type { Endpoint, Message } from "./network.ts";
import type { Random } from "./random.ts";

export interface ChaosOptions {
  readonly seat: number;
  readonly peers: readonly number[];
}

export interface ChaosWorld {
  readonly random: Random;
  send(to: number, message: Message): void;
  orderOf(height: number): readonly number[];
  makeValue(height: number, parentTime: number, options: { valid: boolean }): ValueId;
}

const REACTION = 0.3;
const MAX_VALUES = 6;

export class Chaos implements Endpoint {
  readonly #options: ChaosOptions;
  readonly #world: ChaosWorld;
  /** Values seen or made at the highest height heard of. */
  #values: ValueId[] = [];
  #height = 0;

  constructor(options: ChaosOptions, world: ChaosWorld) {
    this.#options = options;
    this.#world = world;
  }

  receive(_from: number, message: Message): void {
    const { random } = this.#world;
    if (message.kind === "proposal") {
      const { height, round, value } = message.proposal;
      this.#see(height, value);
      this.#react(height, round);
    } else if (message.kind === "vote") {
      const { height, round, blockHash } = message.vote;
      this.#see(height, voteValue(blockHash));
      if (random.chance(REACTION)) this.#react(height, round);
    }
  }

  #see(height: number, value: ValueId | null): void {
    if (height > this.#height) {
      this.#height = height;
      this.#values = [];
    }
    const isKnown = value === null || this.#values.includes(value);
    if (!isKnown && height === this.#height && this.#values.length < MAX_VALUES) {
      this.#values.push(value);
    }
  }

  #react(height: number, near: number): void {
    const { random } = this.#world;
    const round = Math.max(0, near + random.between(-1, 2));
    const order = this.#world.orderOf(height);
    if (order[round % order.length] === this.#options.seat) this.#propose(height, round);
    for (const peer of this.#options.peers) {
      if (random.chance(0.5)) this.#vote(peer, height, round);
    }
  }

  #propose(height: number, round: number): void {
    const { random } = this.#world;
    const valid = random.chance(0.8);
    if (random.chance(0.5)) this.#see(height, this.#world.makeValue(height, 0, { valid }));
    for (const peer of this.#options.peers) {
      if (this.#values.length === 0 || random.chance(0.3)) continue;
      const validRound = random.between(-1, round - 1);
      const { seat } = this.#options;
      const value = random.pick(this.#values);
      const proposal: ProposalMessage = { height, round, validRound, value, seat, timely: true };
      this.#world.send(peer, { kind: "proposal", proposal });
    }
  }

  #vote(peer: number, height: number, round: number): void {
    const { random } = this.#world;
    const value = random.pick([...this.#values, null]);
    const { seat } = this.#options;
    const signature = new Uint8Array(64);
    const type = random.between(0, 1);
    const isPrevote = type === 0 && value !== null;
    const validRound = isPrevote && random.chance(0.5) ? random.between(0, round) : 0;
    const vote = { height, round, type, blockHash: hashOf(value), validRound, seat, signature };
    this.#world.send(peer, { kind: "vote", vote });
  }
}
