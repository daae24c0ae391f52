import { expect } from "chai";
import fc from "fast-check";
import { sha256, taggedHash, toHex, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { drawBelow, drawWithoutReplacement, weightedOrder } from "../../../chain/draw/weighted.ts";
import { chiSquare } from "../../helpers/statistics.ts";

const seedOf = (i: number): Uint8Array => sha256(uint32Bytes(i));

function tally(draws: number, size: number, draw: (seed: Uint8Array) => number | undefined) {
  const seen = Array.from({ length: size }, () => 0);
  for (let i = 0; i < draws; i++) {
    const at = draw(seedOf(i)) ?? -1;
    seen[at] = (seen[at] ?? 0) + 1;
  }
  return seen;
}

/** The order as docs/protocol.md says it, word by word. */
function walk(seed: Uint8Array, weights: readonly bigint[]): number[] {
  const left = [...weights.entries()].filter(([, weight]) => weight > 0n);
  const order: number[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, [, weight]) => sum + weight, 0n);
    const hash = taggedHash("test", seed, uint32Bytes(Math.floor(order.length / 2)));
    const half = 32 * (order.length % 2);
    let ticket = BigInt(`0x${toHex(hash).slice(half, half + 32)}`) % total;
    const found = left.findIndex(([, weight]) => {
      if (ticket < weight) return true;
      ticket -= weight;
      return false;
    });
    order.push(...left.splice(found, 1).map(([position]) => position));
  }
  return order;
}

describe("chi-square", () => {
  it("has the p-values of the tables", () => {
    // Two cells of 10 ± d: the statistic is d² / 5.
    const pOf = (d: number) => chiSquare([10 + d, 10 - d], [1n, 1n]).pValue;
    expect(pOf(0)).to.equal(1);
    expect(pOf(Math.sqrt(5 * 3.841459))).to.be.closeTo(0.05, 1e-6);
    expect(pOf(Math.sqrt(5 * 10.827566))).to.be.closeTo(0.001, 1e-7);
    const hundred = Array.from({ length: 100 }, (_, i) => 1000 + (i < 50 ? 35 : -35));
    const flat = hundred.map(() => 1n);
    const { statistic, degreesOfFreedom, pValue } = chiSquare(hundred, flat);
    expect(statistic).to.be.closeTo(122.5, 1e-9);
    expect(degreesOfFreedom).to.equal(99);
    expect(pValue).to.be.closeTo(0.0549, 0.001);
    expect(chiSquare([1, 1], [1n, 0n]).pValue).to.equal(0);
  });
});

describe("weighted draws", () => {
  const weights = [1n, 2n, 3n, 4n, 10n];
  /** What is rarer is no chance. */
  const RARE = 0.001;

  it("give each position its share of first places", () => {
    const seen = tally(10_000, 5, (seed) => drawWithoutReplacement(seed, "test", weights, 1)[0]);
    expect(chiSquare(seen, weights).pValue).to.be.above(RARE);
    // The measure can fail: the same draws do not look uniform.
    expect(chiSquare(seen, [1n, 1n, 1n, 1n, 1n]).pValue).to.be.below(RARE);
  });

  it("give second places by weight among those left", () => {
    const seconds = tally(20_000, 5, (seed) => {
      const [first, second] = drawWithoutReplacement(seed, "test", weights, 2);
      return first === 4 ? second : undefined;
    });
    const rest = weights.slice(0, 4);
    expect(chiSquare(seconds.slice(0, 4), rest).pValue).to.be.above(RARE);
    expect(seconds[4]).to.equal(0);
  });

  it("never draw a position twice, nor one without weight, nor more than there are", () => {
    const weight = fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 2n ** 64n }));
    fc.assert(
      fc.property(fc.array(weight, { maxLength: 30 }), fc.nat(40), fc.nat(), (all, count, i) => {
        const drawn = drawWithoutReplacement(seedOf(i), "test", all, count);
        const eligible = all.filter((each) => each > 0n).length;
        expect(drawn).to.have.length(Math.min(count, eligible));
        expect(new Set(drawn).size).to.equal(drawn.length);
        for (const position of drawn) expect(all[position]).not.to.equal(0n);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("are those of a walk over all positions left, and passing some over moves no other", () => {
    const weight = fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 2n ** 64n }));
    const positions = fc.uniqueArray(fc.nat(95), { maxLength: 10 });
    const all = fc.array(weight, { maxLength: 90 });
    fc.assert(
      fc.property(all, fc.nat(100), positions, fc.nat(), (weights, count, out, i) => {
        const seed = seedOf(i);
        const order = walk(seed, weights);
        expect([...weightedOrder(seed, "test", weights)]).to.deep.equal(order);
        const mayTake = (at: number): boolean => !out.includes(at);
        const drawn = drawWithoutReplacement(seed, "test", weights, count, mayTake);
        expect(drawn).to.deep.equal(order.filter(mayTake).slice(0, count));
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it("follow from seed and purpose alone", () => {
    const many = Array.from({ length: 50 }, () => 1n);
    const draw = (seed: number, tag: string) =>
      drawWithoutReplacement(seedOf(seed), tag, many, 50).join();
    expect(draw(1, "a")).to.equal(draw(1, "a"));
    expect(new Set([draw(1, "a"), draw(2, "a"), draw(1, "b")]).size).to.equal(3);
  });

  it("below a total take the whole hash as one number", () => {
    const hash = taggedHash("test", seedOf(1), uint32Bytes(7));
    const total = 2n ** 200n - 3n;
    expect(drawBelow(seedOf(1), "test", 7, total)).to.equal(BigInt(`0x${toHex(hash)}`) % total);
  });

  it("stay below their total and refuse an empty one", () => {
    for (let i = 0; i < 100; i++) {
      expect(drawBelow(seedOf(1), "test", i, 3n) < 3n).to.equal(true);
    }
    expect(() => drawBelow(seedOf(1), "test", 0, 0n)).to.throw(RangeError, "positive total");
  });
});
