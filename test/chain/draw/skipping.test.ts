/** Fixed seeds; `npm run bench -- draw` gives the figures with small errors. */
import { expect } from "chai";
import { runSkipper } from "../../sim/skipper.ts";

describe("skipping turns to move the randomness", () => {
  const weights = Array.from({ length: 30 }, () => 1_000_000n);
  const coalition = new Set(Array.from({ length: 10 }, (_, i) => i));
  const options = { seed: 3, heights: 2500, weights, coalition };

  it("would pay without a price", () => {
    const { share, skips } = runSkipper({ ...options, penalty: false, mindsMoney: false });
    expect(skips).to.be.above(0.03);
    // Two and a half standard errors above the third it holds.
    expect(share).to.be.above(0.3333 + 2.5 * 0.0095);
  });

  it("is not worth it at the chain's price", () => {
    const { share, skips, income } = runSkipper({ ...options, penalty: true, mindsMoney: true });
    expect(skips).to.be.below(0.005);
    expect(share).to.be.closeTo(0.3333, 3 * 0.0095);
    const stubborn = runSkipper({ ...options, penalty: true, mindsMoney: false });
    expect(stubborn.skips).to.be.above(0.01);
    expect(stubborn.income).to.be.below(income - 0.02);
    expect(stubborn.weightShare).to.be.below(0.3333);
  });
});
