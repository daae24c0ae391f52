import { expect } from "chai";
import fc from "fast-check";
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { sampleSeats } from "../../../chain/draw/sample-seats.ts";
import { chiSquare } from "../../helpers/statistics.ts";

const seedOf = (i: number): Uint8Array => sha256(uint32Bytes(i));
const sum = (all: readonly bigint[]): bigint => all.reduce((total, one) => total + one, 0n);

describe("sampling of seats", () => {
  it("fills every seat once, and all votes together are all the weight but for rounding", () => {
    const weight = fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 2n ** 40n }));
    const all = fc.array(weight, { minLength: 3, maxLength: 60 });
    fc.assert(
      fc.property(all, fc.integer({ min: 1, max: 30 }), fc.nat(), (weights, seats, seed) => {
        fc.pre(weights.filter((one) => one > 0n).length > seats);
        const drawn = sampleSeats(seedOf(seed), weights, seats);
        expect(drawn).to.have.length(seats);
        expect(new Set(drawn.map(({ position }) => position)).size).to.equal(seats);
        const votes = sum(drawn.map((one) => one.votes));
        const total = sum(weights);
        expect(votes <= total && total - votes < BigInt(seats)).to.equal(true);
        for (const { position, votes: own } of drawn) {
          expect((weights[position] ?? 0n) > 0n).to.equal(true);
          // Nobody votes with less than it weighs but by rounding; a large one votes with its own weight.
          expect(own + 1n > (weights[position] ?? 0n)).to.equal(true);
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it("gives everybody on average the votes it weighs, large or small", () => {
    const weights = [40n, 9n, 9n, 8n, 7n, 6n, 6n, 5n, 4n, 3n, 2n, 1n];
    const seen = weights.map(() => 0);
    const draws = 6_000;
    for (let i = 0; i < draws; i++) {
      for (const { position } of sampleSeats(seedOf(i), weights, 4)) {
        seen[position] = (seen[position] ?? 0) + 1;
      }
    }
    // The first weighs more than a seat: always there. Three seats are left for a weight of 60.
    expect(seen[0]).to.equal(draws);
    const [, ...others] = weights;
    const { pValue } = chiSquare(seen.slice(1), others);
    expect(pValue).to.be.above(0.001);
  });

  it("draws any two of equal nodes together as often as any other two, wherever they stand", () => {
    const nodes = 12;
    const equal = Array.from({ length: nodes }, () => 5n);
    const pairs = Array.from({ length: nodes }, () => 0);
    for (let i = 0; i < 6_000; i++) {
      const drawn = new Set(sampleSeats(seedOf(i), equal, 6).map(({ position }) => position));
      if (!drawn.has(0)) continue;
      for (const other of drawn) pairs[other] = (pairs[other] ?? 0) + 1;
    }
    const others = pairs.slice(1);
    // Without the shuffle a node and the next but one would always come together.
    expect(
      chiSquare(
        others,
        others.map(() => 1n),
      ).pValue,
    ).to.be.above(0.001);
  });

  it("gives a coalition of large nodes no more than it weighs", () => {
    // A quarter of the weight in 25 nodes of ten, beside 750 of one.
    const weights = Array.from({ length: 775 }, (_, i) => (i < 25 ? 10n : 1n)).map(
      (w) => w * 1000n,
    );
    const drawn = sampleSeats(seedOf(1), weights, 100);
    const own = sum(drawn.filter(({ position }) => position < 25).map(({ votes }) => votes));
    expect(Number(own) / Number(sum(drawn.map(({ votes }) => votes)))).to.be.closeTo(0.25, 0.005);
  });
});
