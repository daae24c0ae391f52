/**
 * A coalition that skips turns to move the randomness its way, against the chain's own draws, skip
 * rule and epoch turns. Each of its seats has one reveal, so of a run of turns that are all its own
 * it knows every outcome but the last: that where a stranger proposes.
 *
 * It looks ahead as far as it can see, which is the optimal policy but for the limits below: the tree
 * of what it knows is finite, since a third of the weight has half a choice at each step.
 */

import { POML } from "../../chain/amount.ts";
import { turnEpoch } from "../../chain/block-end/turn-epoch.ts";
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { nextMix, proposerOrder } from "../../chain/draw/mix.ts";
import { genesisHead, standardParameters } from "../../chain/genesis.ts";
import { chargeSkips, MOST_OWED } from "../../chain/rating/punctuality.ts";
import type { State } from "../../chain/state/state.ts";
import { rewardProposer } from "../../chain/supply/emission.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import type { Seat } from "../../chain/types/node.ts";

export interface SkipperOptions {
  readonly seed: number;
  readonly heights: number;
  /** Weight of each seat. */
  readonly weights: readonly bigint[];
  /** Seats of the coalition, by position. */
  readonly coalition: ReadonlySet<number>;
  /** Whether skipping costs what the chain's parameters say, or nothing. */
  readonly penalty: boolean;
  /** Whether the coalition minds the money, or only its share of the turns. */
  readonly mindsMoney: boolean;
}

export interface SkipperOutcome {
  /** Share of the blocks the coalition proposed. */
  readonly share: number;
  /** Its share of the weight, averaged over the run: skipping lowers it. */
  readonly weightShare: number;
  /** Skipped turns a block. */
  readonly skips: number;
  /** What it was paid for its blocks, as a share of all blocks' rewards. */
  readonly income: number;
}

const MAX_DEPTH = 8;
/** Longer runs of own turns are cut here. */
const MAX_RUN = 6;
/** Blocks over which a lowered punctuality comes back: the sum of a geometric series of epochs. */
const REGAIN_EPOCHS = 16;

export function runSkipper(options: SkipperOptions): SkipperOutcome {
  // What an unknown outcome is worth is the long-run income itself: two short runs find it.
  const own = options.weights.reduce(
    (sum, weight, i) => (options.coalition.has(i) ? sum + weight : sum),
    0n,
  );
  let income = Number(own) / Number(options.weights.reduce((sum, weight) => sum + weight, 0n));
  for (const part of [8, 4]) {
    const heights = Math.ceil(options.heights / part);
    income = new Skipper({ ...options, heights, seed: options.seed + part }, income).run()
      .objective;
  }
  return new Skipper(options, income).run();
}

class Skipper {
  readonly #options: SkipperOptions;
  readonly #parameters: Parameters;
  readonly #state: State;
  /** Worth of a step of which nothing is known. */
  readonly #income: number;
  readonly #seed: Uint8Array;
  readonly #total: number;
  /** Reveals used, by node. */
  readonly #used = new Map<number, number>();
  #weighed: { readonly seats: readonly Seat[]; readonly share: number } | undefined;
  readonly #reveals = new Map<string, Uint8Array>();

  constructor(options: SkipperOptions, income: number) {
    this.#options = options;
    this.#income = income;
    this.#seed = uint32Bytes(options.seed);
    this.#total = Number(options.weights.reduce((sum, one) => sum + one, 0n));
    this.#parameters = parametersOf(options.penalty);
    this.#state = stateOf(options.weights, this.#parameters, this.#seed);
  }

  run(): SkipperOutcome & { readonly objective: number } {
    const { heights, mindsMoney } = this.#options;
    const { blockReward } = this.#parameters;
    let blocks = 0;
    let skips = 0;
    let weight = 0;
    let rewards = 0;
    for (let i = 0; i < heights; i++) {
      weight += this.#weightShare();
      const { round, isOwn, reward } = this.#advance();
      if (isOwn) blocks++;
      rewards += reward;
      skips += round;
    }
    const share = blocks / heights;
    // What is still owed will be kept from rewards to come.
    const income = (rewards - this.#owed()) / heights / Number(blockReward);
    return {
      share,
      weightShare: weight / heights,
      skips: skips / heights,
      income,
      objective: mindsMoney ? income : share,
    };
  }

  /** The coalition's share of the seats' weight; seats change with the epoch only. */
  #weightShare(): number {
    const { seats } = this.#state;
    if (this.#weighed?.seats !== seats) {
      const sum = (some: readonly Seat[]): number =>
        some.reduce((total, { weight }) => total + Number(weight), 0);
      const own = sum(seats.filter(({ node }) => this.#isOwn(node)));
      this.#weighed = { seats, share: own / sum(seats) };
    }
    return this.#weighed.share;
  }

  /** Of all seats of the coalition, micro-POML. */
  #owed(): number {
    let owed = 0;
    for (const index of this.#options.coalition) owed += Number(this.#state.nodes.at(index).owed);
    return owed;
  }

  /**
   * One block: the coalition decides, strangers never skip.
   * @returns reward: what the coalition got for it, micro-POML
   */
  #advance(): { round: number; isOwn: boolean; reward: number } {
    const state = this.#state;
    const { mix } = state.meta;
    const height = state.height + 1;
    const turns = this.#ownTurns(mix, height);
    const round = turns.length === 0 ? 0 : this.#decide(mix, height, turns, []).round;
    const order = proposerOrder(mix, height, state.seats, round + 1);
    const proposer = state.seats[order[round] ?? -1];
    if (proposer === undefined) throw new RangeError("nobody proposes");
    const reveal = this.#reveal(proposer.node, 0);
    this.#used.set(proposer.node, (this.#used.get(proposer.node) ?? 0) + 1);
    chargeSkips(state, state, round);
    const { emitted } = state.meta;
    rewardProposer(state, proposer.publicKey);
    const isOwn = this.#isOwn(proposer.node);
    const reward = isOwn ? Number(state.meta.emitted - emitted) : 0;
    state.meta = { ...state.meta, height, mix: nextMix(mix, height, reveal) };
    turnEpoch(state);
    return { round, isOwn, reward };
  }

  /**
   * The best round to propose in, and what it is worth above the long-run income.
   * @param path nodes that proposed between now and then
   */
  #decide(
    mix: Uint8Array,
    height: number,
    turns: readonly Seat[],
    path: readonly number[],
  ): { round: number; worth: number } {
    let cost = 0;
    let best = { round: 0, worth: Number.NEGATIVE_INFINITY };
    for (const [round, seat] of turns.entries()) {
      const used = path.filter((node) => node === seat.node).length;
      const next = nextMix(mix, height, this.#reveal(seat.node, used));
      const later = this.#worth(next, height + 1, [...path, seat.node]);
      const worth = 1 - this.#income - cost + later;
      if (worth > best.worth) best = { round, worth };
      cost += this.#skipCost(seat);
    }
    const passing = -this.#income - cost;
    return passing > best.worth ? { round: turns.length, worth: passing } : best;
  }

  #worth(mix: Uint8Array, height: number, path: readonly number[]): number {
    const turns = path.length > MAX_DEPTH ? [] : this.#ownTurns(mix, height);
    return turns.length === 0 ? -this.#income : this.#decide(mix, height, turns, path).worth;
  }

  /** The coalition's seats at the head of the order, in turn. */
  #ownTurns(mix: Uint8Array, height: number): Seat[] {
    const { seats } = this.#state;
    for (let count = 1; ; count = Math.min(MAX_RUN, 3 * count)) {
      const drawn = proposerOrder(mix, height, seats, count);
      const turns = drawn.flatMap((position) => seats[position] ?? []);
      const run = turns.findIndex(({ node }) => !this.#isOwn(node));
      if (run >= 0) return turns.slice(0, run);
      if (count === MAX_RUN || drawn.length < count) return turns.slice(0, MAX_RUN - 1);
    }
  }

  /**
   * In blocks: the fine, less where the seat owes nearly as much as one can, and the turns that the lost
   * weight costs until it is regained.
   */
  #skipCost({ node, weight }: Seat): number {
    const { skipPenalty, blockReward, skipShare, epochBlocks } = this.#parameters;
    const room = MOST_OWED * skipPenalty - this.#state.nodes.at(node).owed;
    const charged = room < skipPenalty ? room : skipPenalty;
    const fine = this.#options.mindsMoney ? Number(charged) / Number(blockReward) : 0;
    const part = Number(weight) / this.#total;
    return fine + (skipShare / 1_000_000) * part * epochBlocks * REGAIN_EPOCHS;
  }

  /** The reveal a node makes after `ahead` more; it could not make another. */
  #reveal(node: number, ahead: number): Uint8Array {
    const place = `${node}/${(this.#used.get(node) ?? 0) + ahead}`;
    let reveal = this.#reveals.get(place);
    if (reveal === undefined) {
      if (this.#reveals.size > 10_000) this.#reveals.clear();
      reveal = taggedHash("poml/simulated-onion", this.#seed, new TextEncoder().encode(place));
      this.#reveals.set(place, reveal);
    }
    return reveal;
  }

  #isOwn(node: number): boolean {
    return this.#options.coalition.has(node);
  }
}

function parametersOf(penalty: boolean): Parameters {
  const parameters = standardParameters(new Uint8Array(32));
  // The window never opens: ratings stay as they are.
  const quiet = { ...parameters, windowOffset: 0xffff_ff00, windowInterval: 1_000_000 };
  return penalty ? quiet : { ...quiet, skipPenalty: 0n, skipShare: 0 };
}

export function stateOf(
  weights: readonly bigint[],
  parameters: Parameters,
  seed: Uint8Array,
): State {
  const { state } = genesisHead({
    name: seed,
    time: 0n,
    parameters,
    accounts: [],
    nodes: weights.map((weight, i) => ({
      publicKey: keyOf(i),
      name: new Uint8Array(0),
      endpoint: new Uint8Array(0),
      // Far above what limits a weight, and what penalties take in any run.
      bond: 1_000_000n * POML,
      onion: new Uint8Array(32).fill(1),
      onionLength: 64,
      capacity: weight,
    })),
  });
  return state;
}

const keys: Uint8Array[] = [];

function keyOf(i: number): Uint8Array {
  keys[i] ??= keyPairFromSeed(taggedHash("poml/simulated-seat", uint32Bytes(i))).publicKey;
  return keys[i];
}
