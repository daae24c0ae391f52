import { expect } from "chai";
import { disturbance, startCoreShare } from "../../../ml/baseline/core-share.ts";

/** A thread that had a core for so many of so many milliseconds. */
function shareOf(cpuMs: number, wallMs: number): number {
  let [now, cpu] = [1000, 400];
  const share = startCoreShare({ now: () => now, cpu: () => cpu });
  now += wallMs;
  cpu += cpuMs;
  return share();
}

describe("the share of a core", () => {
  it("is processor time divided by time", () => {
    expect(shareOf(500, 1000)).to.equal(0.5);
    expect(shareOf(0, 1000)).to.equal(0);
    expect(shareOf(1200, 1000)).to.equal(1);
    expect(shareOf(0, 0)).to.equal(1);
  });

  it("tells how much other programs took, if it is much", () => {
    expect(disturbance(shareOf(900, 1000))).to.equal(undefined);
    expect(disturbance(shareOf(300, 1000))).to.match(/took 70 % of each core/);
  });
});
