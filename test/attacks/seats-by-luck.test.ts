/**
 * A minority that waits for a draw of seats in which it has a third of the votes, or that shapes its nodes for one:
 * few large ones, ids next to each other, nodes that leave when the mix is known.
 */
import { expect } from "chai";
import { sha256, uint32Bytes } from "../../chain/crypto/hash.ts";
import { drawSeats } from "../../chain/draw/draw-seats.ts";
import { sampleSeats } from "../../chain/draw/sample-seats.ts";
import { standardParameters } from "../../chain/genesis.ts";
import { totalWeight } from "../../chain/weight/weight.ts";
import { TestChain } from "../helpers/chain.ts";
import { chanceOfThird } from "../helpers/hypergeometric.ts";

const DRAWS = 300;
const { maxSeats, epochBlocks, blockIntervalMs } = standardParameters(new Uint8Array(32));
const EPOCHS = (1000 * 365.25 * 86_400_000) / (epochBlocks * blockIntervalMs);
const seedOf = (i: number): Uint8Array => sha256(uint32Bytes(i));

/** Parts of the votes that nodes for which `isOwn` holds get in many draws. */
function partsOf(weights: readonly bigint[], isOwn: (node: number) => boolean, draws = DRAWS) {
  const parts = Array.from({ length: draws }, (_, i) => {
    let own = 0n;
    let all = 0n;
    for (const { position, votes } of sampleSeats(seedOf(i), weights, maxSeats)) {
      if (isOwn(position)) own += votes;
      all += votes;
    }
    return Number(own) / Number(all);
  });
  const mean = parts.reduce((sum, part) => sum + part, 0) / draws;
  const spread = parts.reduce((sum, part) => sum + (part - mean) ** 2, 0) / (draws - 1);
  return { mean, deviation: Math.sqrt(spread), most: Math.max(...parts) };
}

function report(what: string, { mean, deviation, most }: ReturnType<typeof partsOf>): void {
  const told = [mean, deviation, most].map((part) => `${(100 * part).toFixed(2)} %`);
  process.stdout.write(
    `      ${what}: ${told[0]} of the votes on average, deviation ${told[1]}, at most ${told[2]}\n`,
  );
}

describe("attack: a third of the seats by luck", function () {
  this.timeout(120_000);

  for (const [nodes, percent] of [
    [1_000, 25],
    [10_000, 20],
  ] as const) {
    it(`${percent} % of ${nodes} equal nodes come to it less than once in 1,000 years`, () => {
      const own = (nodes * percent) / 100;
      const expected = chanceOfThird(nodes, own, maxSeats) * EPOCHS;
      expect(expected).to.be.below(1);
      const equal = Array.from({ length: nodes }, () => 1_000_000n);
      const parts = partsOf(equal, (node) => node < own, nodes > 1_000 ? 60 : DRAWS);
      report(`${percent} % of ${nodes}, ${expected.toPrecision(2)} times in 1,000 years`, parts);
      // The draws spread as the law says which the figure comes from.
      const part = percent / 100;
      const left = (nodes - maxSeats) / (nodes - 1);
      const law = Math.sqrt((part * (1 - part) * left) / maxSeats);
      expect(parts.mean).to.be.closeTo(part, law / 2);
      expect(parts.deviation).to.be.within(law * 0.7, law * 1.3);
      expect(parts.most).to.be.below(1 / 3);
    });
  }

  it("large nodes beside small ones get what they weigh, and so do small ones beside large ones", () => {
    for (const [count, weight] of [
      [25, 10n],
      [1_000, 1n],
    ] as const) {
      // A quarter of all: so many of this weight, beside 750 of the other.
      const own = Array.from({ length: count }, () => weight * 4_000n);
      const others = Array.from({ length: 750 }, () => (weight === 10n ? 4_000n : 16_000n));
      const parts = partsOf([...own, ...others], (node) => node < count);
      report(`a quarter in ${count} nodes`, parts);
      expect(parts.mean).to.be.closeTo(0.25, 0.003);
      expect(parts.most).to.be.below(1 / 3);
    }
  });

  it("every second id gains nothing where every second node is drawn", () => {
    const equal = Array.from({ length: 2 * maxSeats }, () => 7n);
    const parts = partsOf(equal, (node) => node % 4 === 0);
    report("a quarter, in every fourth place", parts);
    expect(parts.most).to.be.below(1 / 3);
    // With nodes in the order of their ids it would be all of them, or none.
    expect(parts.deviation).to.be.below(0.03);
  });

  it("leaving or being slashed when the mix is known takes one's own seats and moves nobody else's", () => {
    const chain = new TestChain({ founders: 12, parameters: { maxSeats: 6 } });
    const { state } = chain.head;
    const usual = drawSeats(state);
    for (let node = 0; node < 12; node++) {
      for (const gone of [{ bond: 0n }, { slashedAt: 1, rating: 0n }]) {
        const fork = state.fork();
        fork.nodes.set(node, { ...fork.nodes.at(node), ...gone });
        const others = (seats: typeof usual) =>
          seats.map((seat) => seat.node).filter((n) => n !== node);
        const seats = drawSeats(fork);
        expect(others(seats)).to.deep.equal(others(usual));
        expect(seats.some((seat) => seat.node === node)).to.equal(false);
        expect(totalWeight(seats) <= totalWeight(usual)).to.equal(true);
      }
    }
  });
});
