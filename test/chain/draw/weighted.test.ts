import { expect } from "chai";
import fc from "fast-check";
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { drawBelow, drawWithoutReplacement } from "../../../chain/draw/weighted.ts";

const seedOf = (i: number): Uint8Array => sha256(uint32Bytes(i));

/** Sum of (seen - expected)² / expected. */
function chiSquare(seen: readonly number[], weights: readonly bigint[]): number {
  const draws = seen.reduce((sum, count) => sum + count, 0);
  const total = Number(weights.reduce((sum, weight) => sum + weight, 0n));
  return seen.reduce((sum, count, i) => {
    const expected = (draws * Number(weights[i])) / total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

function tally(draws: number, size: number, draw: (seed: Uint8Array) => number | undefined) {
  const seen = Array.from({ length: size }, () => 0);
  for (let i = 0; i < draws; i++) {
    const at = draw(seedOf(i)) ?? -1;
    seen[at] = (seen[at] ?? 0) + 1;
  }
  return seen;
}

describe("weighted draws", () => {
  const weights = [1n, 2n, 3n, 4n, 10n];
  /** 4 degrees of freedom, p = 0.001. */
  const LIMIT = 18.47;

  it("give each position its share of first places", () => {
    const seen = tally(10_000, 5, (seed) => drawWithoutReplacement(seed, "test", weights, 1)[0]);
    expect(chiSquare(seen, weights)).to.be.below(LIMIT);
    // The measure can fail: the same draws do not look uniform.
    expect(chiSquare(seen, [1n, 1n, 1n, 1n, 1n])).to.be.above(LIMIT);
  });

  it("give second places by weight among those left", () => {
    const seconds = tally(20_000, 5, (seed) => {
      const [first, second] = drawWithoutReplacement(seed, "test", weights, 2);
      return first === 4 ? second : undefined;
    });
    const rest = weights.slice(0, 4);
    // 3 degrees of freedom, p = 0.001.
    expect(chiSquare(seconds.slice(0, 4), rest)).to.be.below(16.27);
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

  it("follow from seed and purpose alone", () => {
    const many = Array.from({ length: 50 }, () => 1n);
    const draw = (seed: number, tag: string) =>
      drawWithoutReplacement(seedOf(seed), tag, many, 50).join();
    expect(draw(1, "a")).to.equal(draw(1, "a"));
    expect(new Set([draw(1, "a"), draw(2, "a"), draw(1, "b")]).size).to.equal(3);
  });

  it("stay below their total and refuse an empty one", () => {
    for (let i = 0; i < 100; i++) {
      expect(drawBelow(seedOf(1), "test", i, 3n) < 3n).to.equal(true);
    }
    expect(() => drawBelow(seedOf(1), "test", 0, 0n)).to.throw(RangeError, "positive total");
  });
});
