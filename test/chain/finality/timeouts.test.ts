import { expect } from "chai";
import { timeoutMs } from "../../../chain/finality/timeouts.ts";

describe("timeoutMs", () => {
  const steps = ["propose", "prevote", "precommit"] as const;

  it("gives a proposal twice the time of a vote", () => {
    expect(steps.map((step) => timeoutMs({ step, round: 0 }, 1000))).to.deep.equal([
      1000, 500, 500,
    ]);
  });

  it("grows by half with every round, up to a minute", () => {
    expect(timeoutMs({ step: "propose", round: 1 }, 1000)).to.equal(1500);
    expect(timeoutMs({ step: "propose", round: 4 }, 1000)).to.equal(3000);
    expect(timeoutMs({ step: "prevote", round: 4 }, 1000)).to.equal(1500);
    expect(timeoutMs({ step: "propose", round: 65_535 }, 1000)).to.equal(60_000);
  });

  it("grows with the block time of slow chains, and stays the same on fast ones", () => {
    expect(timeoutMs({ step: "propose", round: 0 }, 5000)).to.equal(5000);
    expect(timeoutMs({ step: "propose", round: 0 }, 100)).to.equal(1000);
  });

  it("never shrinks, even where a block takes longer than a minute", () => {
    for (const step of steps) {
      for (const interval of [1, 1000, 90_000, 4_294_967_295]) {
        let previous = 0;
        for (let round = 0; round < 300; round++) {
          const ms = timeoutMs({ step, round }, interval);
          expect(Number.isSafeInteger(ms) && ms >= previous).to.equal(true);
          previous = ms;
        }
      }
    }
  });
});
