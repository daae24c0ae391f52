import { expect } from "chai";
import fc from "fast-check";
import { limitedVotes } from "../../../chain/weight/voting-limit.ts";

const sum = (weights: readonly bigint[]): bigint => weights.reduce((a, b) => a + b, 0n);

describe("limitedVotes", () => {
  it("leaves three voters and fewer as they are", () => {
    expect(limitedVotes([88n, 6n, 6n])).to.deep.equal([88n, 6n, 6n]);
    expect(limitedVotes([88n, 12n, 0n, 0n])).to.deep.equal([88n, 12n, 0n, 0n]);
  });

  it("leaves four voters alone of whom none has a third", () => {
    expect(limitedVotes([30n, 25n, 25n, 20n])).to.deep.equal([30n, 25n, 25n, 20n]);
  });

  it("cuts one strong voter to just under half of the others together", () => {
    expect(limitedVotes([4n, 880n, 4n, 4n])).to.deep.equal([4n, 5n, 4n, 4n]);
    expect(limitedVotes([340n, 220n, 220n, 220n])).to.deep.equal([329n, 220n, 220n, 220n]);
  });

  it("cuts two strong voters to just under the others together", () => {
    expect(limitedVotes([1000n, 900n, 30n, 20n])).to.deep.equal([49n, 49n, 30n, 20n]);
  });

  it("leaves every voter under a third, keeps their order, and takes from nobody without need", () => {
    const weight = fc.oneof(fc.bigInt(0n, 5n), fc.bigInt(0n, 10n ** 15n));
    const weights = fc.array(weight, { minLength: 4, maxLength: 12 });
    fc.assert(
      fc.property(weights, (all) => {
        if (all.filter((w) => w > 0n).length < 4) return;
        const votes = limitedVotes(all);
        const total = sum(votes);
        const limit = votes.reduce((most, vote) => (vote > most ? vote : most), 0n);
        for (const [i, vote] of votes.entries()) {
          expect(3n * vote < total).to.equal(true);
          const whole = all[i] ?? 0n;
          expect(vote === whole || (vote < whole && vote === limit)).to.equal(true);
          expect(vote > 0n).to.equal(whole > 0n);
        }
        if (limit === all.reduce((most, w) => (w > most ? w : most), 0n)) return;
        // One more for those who were cut would be a third for one of them.
        const higher = all.map((w) => (w < limit + 1n ? w : limit + 1n));
        expect(3n * (limit + 1n) >= sum(higher)).to.equal(true);
      }),
      { seed: 7, numRuns: 2000 },
    );
  });
});
