import { expect } from "chai";
import { TokenBuckets } from "../../../p2p/peers/token-bucket.ts";

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
});
