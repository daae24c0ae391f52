import { expect } from "chai";
import fc from "fast-check";
import {
  BASELINE_STEP_FLOPS,
  capacityOf,
  decayed,
  nextCapacity,
} from "../../../chain/rating/formula.ts";

describe("the rating formula", () => {
  it("counts the operations of one baseline step", () => {
    // Forward, weight gradient and input gradient of 64-256-256-10; the first layer needs no input gradient.
    expect(BASELINE_STEP_FLOPS).to.equal(15_171_584n);
  });

  it("makes verified segments and a duration into kFLOP/s", () => {
    expect(capacityOf(40, 60, 3000n)).to.equal((40n * 60n * BASELINE_STEP_FLOPS) / 3000n);
    expect(capacityOf(0, 60, 3000n)).to.equal(0n);
    expect(capacityOf(40, 60, 0n)).to.equal(0n);
  });

  it("gains nothing by splitting a machine", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.bigInt(1n, 200_000n), (a, b, durationMs) => {
        const split = capacityOf(a, 60, durationMs) + capacityOf(b, 60, durationMs);
        const whole = capacityOf(a + b, 60, durationMs);
        expect(whole - split === 0n || whole - split === 1n).to.equal(true);
      }),
      { seed: 1 },
    );
  });

  it("lets a capacity rise by a quarter, fall at once, and begin as measured", () => {
    expect(nextCapacity(100n, 300n)).to.equal(125n);
    expect(nextCapacity(100n, 124n)).to.equal(124n);
    expect(nextCapacity(100n, 3n)).to.equal(3n);
    expect(nextCapacity(0n, 300n)).to.equal(300n);
  });

  it("decays by an eighth", () => {
    expect(decayed(800n)).to.equal(700n);
    expect(decayed(0n)).to.equal(0n);
  });
});
