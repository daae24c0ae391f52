/**
 * A coalition that wants its own nodes drawn and tries everything a proposer can: it withholds reveals by skipping
 * turns, moves its bonds, lets nodes leave, and holds orders back and tries their ids until it knows a mix that
 * suits it. Against the chain's own draws, turns, skips and epochs. Strangers never skip.
 */

import { turnEpoch } from "../../chain/block-end/turn-epoch.ts";
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { drawNodes } from "../../chain/draw/frozen-weights.ts";
import { nextMix, proposerOrder } from "../../chain/draw/mix.ts";
import { drawWithoutReplacement } from "../../chain/draw/weighted.ts";
import { standardParameters } from "../../chain/genesis.ts";
import { chargeSkips } from "../../chain/rating/punctuality.ts";
import type { State } from "../../chain/state/state.ts";
import { rewardProposer } from "../../chain/supply/emission.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import { weights } from "../../chain/weight/weight.ts";
import { stateOf } from "./skipper.ts";

/** What is drawn, and how many places one draw has. */
export const PLACES = { verifiers: 3, auditors: 1, teams: 3, judges: 5, turns: 1 } as const;
export type Drawn = keyof typeof PLACES;

export interface GrinderOptions {
  readonly seed: number;
  /** Of each kind. */
  readonly draws: number;
  /** Seats of the coalition among a hundred equal ones. */
  readonly percent: number;
  /** Whether it skips turns, at any price. */
  readonly withholds: boolean;
  /** Whether draws read frozen weights, as the chain's do, or those of the moment. */
  readonly frozen: boolean;
  /** Blocks between an order and its draw. */
  readonly delay: number;
}

export interface GrinderOutcome {
  /** Part of the places of each kind that went to the coalition. */
  readonly shares: Readonly<Record<Drawn, number>>;
  /** The same of the teams of its own orders, timed and named as suits it. */
  readonly orders: number;
  readonly skips: number;
  /** What skipped turns cost it, in block rewards: turns lost to others, and fines. */
  readonly paid: number;
  /** Its part of all voting weight at the end. */
  readonly weight: number;
}

const SEATS = 100;
const UNIT = 1_000_000n;
/** Blocks from one draw to the next; runs that are longer than that are cut. */
const GAP = 8;
const MAX_TURNS = 6;
/** Bonds or ids tried where the mix is known. */
const TRIES = 32;
/** Blocks it waits for a run of its own before it gives an order all the same. */
const PATIENCE = 24;

export function grindDraws(options: GrinderOptions): GrinderOutcome {
  return new Grinder(options).run();
}

class Grinder {
  readonly #options: GrinderOptions;
  readonly #parameters: Parameters = standardParameters(new Uint8Array(32));
  readonly #state: State;
  readonly #used = new Map<number, number>();
  #skips = 0;
  #lost = 0;
  #isOwnBlock = false;

  constructor(options: GrinderOptions) {
    this.#options = options;
    const equal = Array.from({ length: SEATS }, () => UNIT);
    this.#state = stateOf(equal, this.#parameters, uint32Bytes(options.seed));
    for (const [index, node] of this.#state.nodes.entries()) {
      this.#state.nodes.set(index, { ...node, bond: node.rating });
    }
  }

  run(): GrinderOutcome {
    const kinds = Object.keys(PLACES) as Drawn[];
    const own = new Map<Drawn, number>();
    for (let i = 0; i < this.#options.draws * kinds.length; i++) {
      const kind = kinds[i % kinds.length] ?? "turns";
      const at = this.#state.height + GAP;
      while (this.#state.height < at) this.#advance(kind, at);
      own.set(kind, (own.get(kind) ?? 0) + this.#bestPlaces(kind));
    }
    const { draws } = this.#options;
    const share = (kind: Drawn): number => (own.get(kind) ?? 0) / (draws * PLACES[kind]);
    const shares = Object.fromEntries(kinds.map((kind) => [kind, share(kind)]));
    const all = Array.from(this.#state.nodes.values(), ({ weight }) => Number(weight));
    const sum = (some: readonly number[]): number => some.reduce((total, one) => total + one, 0);
    const weight = sum(all.slice(0, this.#options.percent)) / sum(all);
    return {
      shares: shares as Record<Drawn, number>,
      skips: this.#skips,
      paid: this.#paid(),
      weight,
      orders: this.#orders(),
    };
  }

  #paid(): number {
    const { skipPenalty, blockReward } = this.#parameters;
    return this.#lost + (this.#skips * Number(skipPenalty)) / Number(blockReward);
  }

  /** One block. @param kind what it wants of the mix of height `at` */
  #advance(kind: Drawn | undefined, at: number): void {
    const state = this.#state;
    const { mix } = state.meta;
    const height = state.height + 1;
    const turns = this.#ownTurns(mix, height);
    const isSearching = kind !== undefined && this.#options.withholds && turns.length > 0;
    const round = isSearching ? this.#decide(mix, height, [], { kind, at }).round : 0;
    const order = proposerOrder(mix, height, state.seats, round + 1);
    const proposer = state.seats[order[round] ?? -1];
    if (proposer === undefined) throw new RangeError("nobody proposes");
    const reveal = this.#reveal(proposer.node, 0);
    this.#used.set(proposer.node, (this.#used.get(proposer.node) ?? 0) + 1);
    this.#isOwnBlock = this.#isOwn(proposer.node);
    this.#skips += round;
    if (round > 0 && !this.#isOwnBlock) this.#lost++;
    chargeSkips(state, state, round);
    rewardProposer(state, proposer.publicKey);
    state.meta = { ...state.meta, height, mix: nextMix(mix, height, reveal) };
    turnEpoch(state);
  }

  /** The round to propose in that leads to the most places at `at`; as few skips as will do. */
  #decide(
    mix: Uint8Array,
    height: number,
    path: readonly number[],
    goal: { readonly kind: Drawn; readonly at: number },
  ): { round: number; places: number } {
    const unknown = (PLACES[goal.kind] * this.#options.percent) / 100;
    if (height > goal.at) return { round: 0, places: this.#places(goal.kind, mix, goal.at) };
    const turns = this.#ownTurns(mix, height);
    let best = { round: turns.length, places: turns.length === 0 ? unknown : -1 };
    for (const [round, node] of turns.entries()) {
      const used = path.filter((one) => one === node).length;
      const next = nextMix(mix, height, this.#reveal(node, used));
      const { places } = this.#decide(next, height + 1, [...path, node], goal);
      if (places > best.places + 1e-9) best = { round, places };
    }
    return turns.length > 0 && unknown > best.places
      ? { round: turns.length, places: unknown }
      : best;
  }

  /** Own places in a draw, with the bonds as they are. */
  #places(kind: Drawn, mix: Uint8Array, height: number, state: State = this.#state): number {
    if (kind === "turns") {
      const [first = -1] = proposerOrder(mix, height + 1, state.seats, 1);
      return this.#isOwn(state.seats[first]?.node ?? -1) ? 1 : 0;
    }
    return this.#own(this.#draw(state, { seed: mix, tag: `poml/${kind}`, count: PLACES[kind] }));
  }

  #draw(state: State, draw: { seed: Uint8Array; tag: string; count: number }): number[] {
    if (this.#options.frozen) return drawNodes(state, draw);
    return drawWithoutReplacement(draw.seed, draw.tag, weights(state), draw.count);
  }

  /** The most own places that moved bonds or nodes that leave can give, where the block was its own. */
  #bestPlaces(kind: Drawn): number {
    const { mix, height } = this.#state.meta;
    let most = this.#places(kind, mix, height);
    if (!this.#isOwnBlock) return most;
    for (let i = 1; i <= TRIES; i++) {
      const fork = this.#state.fork();
      const index = i % this.#options.percent;
      const node = fork.nodes.at(index);
      // In the second half of the tries a node takes its whole bond back.
      fork.nodes.set(index, { ...node, bond: 2 * i > TRIES ? 0n : node.bond - BigInt(i) });
      const places = this.#places(kind, mix, height, fork);
      if (places > most) most = places;
    }
    return most;
  }

  /** Part of the teams of its own orders that are its own nodes. */
  #orders(): number {
    const { draws, delay } = this.#options;
    const count = PLACES.teams;
    let own = 0;
    for (let i = 0; i < draws; i++) {
      const until = this.#state.height + PATIENCE;
      let mix = this.#knownAhead(delay);
      while (mix === undefined && this.#state.height < until) {
        this.#advance(undefined, 0);
        mix = this.#knownAhead(delay);
      }
      const ids = mix === undefined ? 1 : TRIES;
      // The order stands in the next block, and is drawn so many later.
      for (let block = 0; block <= delay; block++) this.#advance(undefined, 0);
      const teams = Array.from({ length: ids }, (_, id) =>
        this.#own(
          this.#draw(this.#state, {
            seed: taggedHash("poml/job/v1", this.#state.meta.mix, uint32Bytes(id)),
            tag: "poml/job-team/v1",
            count,
          }),
        ),
      );
      own += teams.reduce((most, places) => (places > most ? places : most), 0);
    }
    return own / (draws * count);
  }

  /** The mix so many blocks after the next one, if all of them are its own. */
  #knownAhead(delay: number): Uint8Array | undefined {
    let { mix } = this.#state.meta;
    const path: number[] = [];
    for (let ahead = 0; ahead <= delay; ahead++) {
      const height = this.#state.height + 1 + ahead;
      const [node] = this.#ownTurns(mix, height);
      if (node === undefined) return undefined;
      mix = nextMix(mix, height, this.#reveal(node, path.filter((one) => one === node).length));
      path.push(node);
    }
    return mix;
  }

  /** Own nodes at the head of the order, in turn. */
  #ownTurns(mix: Uint8Array, height: number): number[] {
    const { seats } = this.#state;
    for (let count = 1; ; count = Math.min(MAX_TURNS, 3 * count)) {
      const drawn = proposerOrder(mix, height, seats, count);
      const nodes = drawn.map((position) => seats[position]?.node ?? -1);
      const run = nodes.findIndex((node) => !this.#isOwn(node));
      if (run >= 0) return nodes.slice(0, run);
      if (count === MAX_TURNS) return nodes.slice(0, MAX_TURNS - 1);
    }
  }

  #reveal(node: number, ahead: number): Uint8Array {
    const place = uint32Bytes((this.#used.get(node) ?? 0) + ahead);
    const seed = uint32Bytes(this.#options.seed);
    return taggedHash("poml/simulated-onion", seed, uint32Bytes(node), place);
  }

  #own(nodes: readonly number[]): number {
    return nodes.filter((node) => this.#isOwn(node)).length;
  }

  #isOwn(node: number): boolean {
    return node >= 0 && node < this.#options.percent;
  }
}
