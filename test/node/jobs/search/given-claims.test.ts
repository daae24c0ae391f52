import { expect } from "chai";
import { GivenClaims, isGiven } from "../../../../node/jobs/search/given-claims.ts";
import { type Spans, spansOf } from "../../../../node/jobs/search/leases/span.ts";

const runs = (...pairs: readonly [number, number][]): Spans =>
  pairs.map(([from, to]) => ({ from, to }));

describe("claims that the log gives", () => {
  const claim = { node: 1, runs: runs([2, 4], [6, 7], [9, 12]) };

  it("lie in what the node owns, each run in one piece", () => {
    expect(isGiven(claim, () => runs([0, 20]))).equal(true);
    expect(isGiven(claim, () => runs([2, 4], [5, 8], [9, 12]))).equal(true);
    expect(isGiven(claim, () => runs([2, 4], [5, 8], [9, 11]))).equal(false);
    expect(isGiven(claim, () => runs([2, 4], [9, 12]))).equal(false);
    expect(isGiven(claim, () => runs([3, 4], [5, 8], [9, 12]))).equal(false);
    expect(isGiven(claim, () => [])).equal(false);
    expect(isGiven({ node: 1, runs: [] }, () => [])).equal(true);
  });

  it("are found as the log grows, and what was found is not looked for again", () => {
    const owned = new Map<number, Spans>();
    const asked: number[] = [];
    const ownedBy = (node: number): Spans => {
      asked.push(node);
      return owned.get(node) ?? [];
    };
    const claims = new GivenClaims([claim, { node: 2, runs: runs([30, 40]) }]);
    expect(claims.areAll(ownedBy)).equal(false);
    owned.set(1, runs([2, 8]));
    expect(claims.areAll(ownedBy)).equal(false);
    owned.set(1, spansOf([...runs([2, 8]), ...runs([8, 12])]));
    expect(claims.areAll(ownedBy)).equal(false);
    owned.set(2, runs([30, 41]));
    asked.length = 0;
    expect(claims.areAll(ownedBy)).equal(true);
    expect(asked, "the first node has all").deep.equal([2]);
    expect(claims.areAll(ownedBy)).equal(true);
  });
});
