/**
 * One node with most of the capacity, and an hour in which the others are busy with something else.
 * Gain sought: a third of the votes stops the chain, two thirds rule it.
 */
import { expect } from "chai";
import { drawSeats } from "../../chain/draw/draw-seats.ts";
import { genesisHead } from "../../chain/genesis.ts";
import type { State } from "../../chain/state/state.ts";
import { totalWeight, weightOf } from "../../chain/weight/weight.ts";
import { TestChain } from "../helpers/chain.ts";
import { playWindow } from "../helpers/window-play.ts";

const HOUR_MS = 3_600_000n;
/** Windows within the hour, and the segments that node i does in one: about as its genesis says. */
const WINDOWS = 6;
const usual = (node: number): number => 31 * (10 + node);
const BUSY = 4;
/** Six windows are an hour, and a half-life is seven days, as on a standard chain. */
const HOURLY = { windowInterval: 64, ratingHalfLife: 7 * 86_400, segmentSteps: 150 };
const BLOCK_MS = HOUR_MS / BigInt(WINDOWS * HOURLY.windowInterval);

/** Part of the votes that a node's seat has. */
function voteShare(state: State, node: number): number {
  const held = state.seats.find((seat) => seat.node === node)?.weight ?? 0n;
  return Number(held) / Number(totalWeight(state.seats));
}

/** Part of what nodes may weigh, were there no limit for one of them. */
function weightShare(state: State, node: number): number {
  const weights = Array.from(state.nodes.values(), (one) => weightOf(one, state.parameters));
  return Number(weights[node]) / Number(weights.reduce((sum, weight) => sum + weight, 0n));
}

/** What the attack came to, in the run's output. */
function report(facts: Readonly<Record<string, number>>): void {
  const told = Object.entries(facts).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  process.stdout.write(`      share of the fourth: ${told.join(", ")}\n`);
}

describe("attack: one strong node among four", () => {
  it("an hour of load on three machines leaves the fourth where it was", () => {
    const chain = new TestChain({ parameters: HOURLY, stepMs: BLOCK_MS });
    const usually = [0, 1, 2, 3].map((node) => ({ segments: usual(node) }));
    const busily = [0, 1, 2, 3].map((node) => ({ segments: node === 3 ? usual(node) : BUSY }));
    for (let window = 1; window <= 3; window++) playWindow(chain, window, usually);
    const before = weightShare(chain.head.state, 3);
    for (let window = 4; window < 4 + WINDOWS; window++) playWindow(chain, window, busily);
    for (const node of [0, 1, 2]) {
      expect(chain.head.state.nodes.at(node).measured.at(-1)).to.be.below(1_000_000);
    }
    const { state } = chain.head;
    const after = weightShare(state, 3);
    report({ before, after });
    expect(after).to.be.within(before, before + 0.005);
    expect(voteShare(state, 3)).to.be.below(1 / 3);
  });

  it("years of it still leave it less than a third of the votes", () => {
    const chain = new TestChain({ parameters: { ...HOURLY, ratingHalfLife: 60 } });
    const plays = [0, 1, 2, 3].map((node) => ({ segments: node === 3 ? usual(node) : BUSY }));
    for (let window = 1; window <= 12; window++) {
      playWindow(chain, window, plays);
      expect(voteShare(chain.head.state, 3)).to.be.below(1 / 3);
    }
    expect(weightShare(chain.head.state, 3)).to.be.above(0.9);
    const { epochBlocks } = chain.head.state.parameters;
    chain.advanceTo(chain.height + 2 * epochBlocks);
    // Without it the others still are more than two thirds: they go on.
    const left = 1 - voteShare(chain.head.state, 3);
    expect(left).to.be.above(2 / 3);
  });

  it("is limited from the first block when the genesis rates it so", () => {
    const { genesis } = new TestChain();
    const nodes = genesis.nodes.map((node, i) => ({
      ...node,
      capacity: i === 0 ? 10n ** 9n : 10n,
    }));
    expect(voteShare(genesisHead({ ...genesis, nodes }).state, 0)).to.be.below(1 / 3);
  });

  it("is limited among the seats drawn, not among all nodes", () => {
    const chain = new TestChain({ founders: 8, parameters: { maxSeats: 4 } });
    const { state } = chain.head;
    const strong = { ...state.nodes.at(0), weight: state.nodes.at(0).weight * 2n };
    state.nodes.set(0, strong);
    const seats = drawSeats(state);
    for (const { weight } of seats) expect(3n * weight < totalWeight(seats)).to.equal(true);
  });
});
