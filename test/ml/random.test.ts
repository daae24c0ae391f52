import { expect } from "chai";
import fc from "fast-check";
import { Random } from "../../ml/random.ts";
import { seedOf } from "../helpers/models.ts";

describe("Random", () => {
  it("gives a fixed sequence: these numbers are part of the audit rules", () => {
    const random = new Random(Uint8Array.from({ length: 32 }, (_, index) => index));
    const drawn = Array.from({ length: 4 }, () => random.nextU32());
    expect(drawn).to.deep.equal(FIXED);
  });

  it("uses every byte of the seed", () => {
    const first = new Set<number>();
    for (let byte = 0; byte < 32; byte++) {
      const seed = seedOf(0);
      seed[byte] = 1;
      first.add(new Random(seed).nextU32());
    }
    expect(first.size).to.equal(32);
  });

  it("draws every value below a limit about equally often", () => {
    const random = new Random(seedOf(9));
    const counts = new Array<number>(7).fill(0);
    for (let draw = 0; draw < 70_000; draw++) {
      const value = random.below(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) expect(count).to.be.within(9_600, 10_400);
  });

  it("draws uniform values of mean one half within [0, 1)", () => {
    const random = new Random(seedOf(1));
    const values = Array.from({ length: 50_000 }, () => random.uniform());
    expect(Math.min(...values.slice(0, 10_000))).to.be.at.least(0);
    expect(Math.max(...values.slice(0, 10_000))).to.be.below(1);
    expect(values.reduce((sum, value) => sum + value) / values.length).to.be.closeTo(0.5, 0.01);
  });

  it("shuffles to a permutation that depends on the seed alone", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(200), (seed, length) => {
        const items = Array.from({ length }, (_, index) => index);
        const shuffled = new Random(seed).shuffle([...items]);
        expect(shuffled.toSorted((a, b) => a - b)).to.deep.equal(items);
        expect(new Random(seed).shuffle([...items])).to.deep.equal(shuffled);
      }),
    );
  });

  it("refuses a seed of the wrong length and a limit out of range", () => {
    expect(() => new Random(new Uint8Array(31))).to.throw(RangeError, "32 bytes");
    const random = new Random(seedOf(0));
    for (const limit of [0, -1, 1.5, 2 ** 32 + 1]) {
      expect(() => random.below(limit)).to.throw(RangeError, "limit");
    }
  });
});

const FIXED = [3_871_725_768, 2_373_376_864, 1_796_743_238, 877_728_836];
