import { expect } from "chai";
import fc from "fast-check";
import { steppedWeights } from "../../../chain/weight/weight.ts";

const MILLION = 1_000_000n;

describe("steppedWeights", () => {
  it("moves everything at once while it is little", () => {
    const nodes = [
      { weight: 1000n, target: 1040n },
      { weight: 1000n, target: 970n },
    ];
    expect(steppedWeights(nodes, 50_000)).to.deep.equal([1040n, 970n]);
  });

  it("moves everybody by the same part when it is too much", () => {
    const nodes = [
      { weight: 1000n, target: 2000n },
      { weight: 0n, target: 1000n },
      { weight: 1000n, target: 500n },
    ];
    // 5 % of 2,000 upwards: half of it each; 100 of the 500 downwards.
    expect(steppedWeights(nodes, 50_000)).to.deep.equal([1050n, 50n, 900n]);
  });

  it("removes the weight of nodes that may have none at once", () => {
    const nodes = [
      { weight: 1000n, target: 0n },
      { weight: 1000n, target: 1000n },
    ];
    expect(steppedWeights(nodes, 1)).to.deep.equal([0n, 1000n]);
  });

  it("takes the targets at once if no node has weight yet", () => {
    expect(steppedWeights([{ weight: 0n, target: 7n }], 1)).to.deep.equal([7n]);
  });

  it("never moves more than the bound, never beyond a target", () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 12n });
    const nodes = fc.array(fc.record({ weight: amount, target: amount }), { maxLength: 20 });
    fc.assert(
      fc.property(nodes, fc.integer({ min: 1, max: 1_000_000 }), (all, change) => {
        const total = all.reduce((sum, { weight }) => sum + weight, 0n);
        fc.pre(total > 0n);
        const bound = (total * BigInt(change)) / MILLION;
        const next = steppedWeights(all, change);
        let [up, down] = [0n, 0n];
        all.forEach(({ weight, target }, i) => {
          const now = next[i] ?? -1n;
          if (target === 0n) expect(now).to.equal(0n);
          else if (target > weight) {
            expect(now >= weight && now <= target).to.equal(true);
            up += now - weight;
          } else {
            expect(now <= weight && now >= target).to.equal(true);
            down += weight - now;
          }
        });
        expect(up <= bound && down <= bound).to.equal(true);
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
