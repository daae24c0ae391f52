import { expect } from "chai";
import { TokenBuckets } from "../../p2p/token-bucket.ts";

describe("TokenBuckets", () => {
  it("allows the burst, then the rate, per key", () => {
    const buckets = new TokenBuckets({ burst: 3, perSecond: 2 });
    const spend = (nowMs: number): boolean => buckets.take("a", nowMs);
    expect([spend(0), spend(0), spend(0), spend(0)]).to.deep.equal([true, true, true, false]);
    expect([spend(499), spend(500), spend(500)]).to.deep.equal([false, true, false]);
    expect(buckets.take("b", 500)).to.equal(true);
  });

  it("never holds more than the burst", () => {
    const buckets = new TokenBuckets({ burst: 2, perSecond: 1 });
    buckets.take("a", 0);
    const taken = [1, 2, 3].map(() => buckets.take("a", 1_000_000));
    expect(taken).to.deep.equal([true, true, false]);
  });

  it("is bounded: refuses strangers when full, forgets the rested", () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 1 }, 2);
    expect([buckets.take("a", 0), buckets.take("b", 0), buckets.take("c", 10)]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect(buckets.take("c", 2000)).to.equal(true);
    expect(buckets.size).to.equal(1);
  });

  it("takes several tokens at once, all or none, and says how long to wait for them", () => {
    const buckets = new TokenBuckets({ burst: 10, perSecond: 2 });
    expect([buckets.take("a", 0, 8), buckets.take("a", 0, 3)]).to.deep.equal([true, false]);
    expect(buckets.waitMs("a", 0, 3)).to.equal(500);
    expect(buckets.take("a", 500, 3)).to.equal(true);
  });

  it("lets a key owe what was done already, and remembers the debt when it is full", () => {
    const buckets = new TokenBuckets({ burst: 2, perSecond: 1 }, 1);
    buckets.charge("a", 0, 12);
    expect([buckets.take("a", 10_999), buckets.take("a", 11_000)]).to.deep.equal([false, true]);
    buckets.charge("a", 11_000, 100);
    expect(buckets.take("b", 60_000), "a owes still").to.equal(false);
    expect(buckets.waitMs("a", 60_000)).to.equal(52_000);
    expect(buckets.take("b", 120_000)).to.equal(true);
  });

  it("gives what costs more than the burst to a rested key, which pays for it afterwards", () => {
    const buckets = new TokenBuckets({ burst: 5, perSecond: 1 });
    expect(buckets.take("a", 0, 20)).to.equal(true);
    expect([buckets.take("a", 15_000), buckets.take("a", 16_000)]).to.deep.equal([false, true]);
  });
});
