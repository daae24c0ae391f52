import { expect } from "chai";
import fc from "fast-check";
import { stepFlops } from "../../../chain/rating/baseline.ts";
import {
  capacityOf,
  energyOf,
  faded,
  flopsOf,
  freshnessOf,
  medianOf,
  nextCapacity,
  ratingOf,
  reliabilityOf,
  withMeasured,
} from "../../../chain/rating/formula.ts";
import { remaining } from "../../../chain/rating/half-life.ts";
import { ENERGY_SOURCES } from "../../../chain/types/window.ts";
import { TEST_PARAMETERS } from "../../helpers/chain.ts";

const TASK = { segmentSteps: 60, baselineTask: 1 };
const PARAMETERS = { ...TEST_PARAMETERS, ratingHalfLife: 3600 };
const HOUR_MS = 3_600_000n;

describe("the rating formula", () => {
  it("counts the operations of one baseline step", () => {
    // Forward, weight gradient and input gradient of 64-256-256-10; the first layer needs no input gradient.
    expect(stepFlops(1)).to.equal(15_171_584n);
    expect(() => stepFlops(3)).to.throw(RangeError);
  });

  it("makes verified segments and a duration into kFLOP/s", () => {
    expect(capacityOf(flopsOf(40, TASK), 3000n)).to.equal((40n * 60n * stepFlops(1)) / 3000n);
    expect(capacityOf(0n, 3000n)).to.equal(0n);
    expect(capacityOf(7n, 0n)).to.equal(0n);
  });

  it("gains nothing by splitting a machine", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.bigInt(1n, 200_000n), (a, b, durationMs) => {
        const capacity = (segments: number) => capacityOf(flopsOf(segments, TASK), durationMs);
        const gain = capacity(a + b) - capacity(a) - capacity(b);
        expect(gain === 0n || gain === 1n).to.equal(true);
      }),
      { seed: 1 },
    );
  });

  it("takes the median of the last five windows", () => {
    expect(medianOf([])).to.equal(0n);
    expect(medianOf([7n])).to.equal(7n);
    expect(medianOf([1n, 9n])).to.equal(1n);
    expect(medianOf([9n, 1n, 5n])).to.equal(5n);
    const six = [1n, 2n, 3n, 4n, 5n, 6n].reduce<bigint[]>(withMeasured, []);
    expect(six).to.deep.equal([2n, 3n, 4n, 5n, 6n]);
  });

  it("lets a capacity rise by a quarter, fall as a rating fades, and begin as measured", () => {
    const half = 500_000n;
    expect(nextCapacity(100n, 300n, half)).to.equal(125n);
    expect(nextCapacity(100n, 124n, half)).to.equal(124n);
    expect(nextCapacity(100n, 60n, half)).to.equal(60n);
    expect(nextCapacity(100n, 3n, half)).to.equal(50n);
    expect(nextCapacity(100n, 3n, 1_000_000n)).to.equal(100n);
    expect(nextCapacity(100n, 3n, 0n)).to.equal(3n);
    expect(nextCapacity(0n, 300n, half)).to.equal(300n);
  });

  it("counts reliability from work: ten units for a newcomer to be half trusted, one failure for twenty", () => {
    expect(reliabilityOf({ verified: 0, failed: 0 })).to.equal(0n);
    expect(reliabilityOf({ verified: 10_000, failed: 0 })).to.equal(500_000n);
    expect(reliabilityOf({ verified: 53_000, failed: 0 })).to.equal(841_269n);
    expect(reliabilityOf({ verified: 30_000, failed: 1000 })).to.equal(500_000n);
  });

  it("halves every half-life, by table", () => {
    expect(remaining(0n, HOUR_MS)).to.equal(1_000_000n);
    expect(remaining(HOUR_MS, HOUR_MS)).to.equal(500_000n);
    expect(remaining(HOUR_MS / 2n, HOUR_MS)).to.equal(707_107n);
    expect(remaining(30n * HOUR_MS, HOUR_MS)).to.equal(0n);
    expect(faded(1000, HOUR_MS, PARAMETERS)).to.equal(500);
    for (let sixteenth = 0; sixteenth < 320; sixteenth++) {
      const exact = 1e6 * 2 ** (-sixteenth / 16);
      const table = Number(remaining((HOUR_MS * BigInt(sixteenth)) / 16n, HOUR_MS));
      expect(table).to.be.within(Math.floor(exact) - 1, Math.ceil(exact) + 1);
    }
  });

  it("falls as far in many short steps as in one long one", () => {
    const STEPS = 400n;
    let left = 1_000_000_000_000n;
    for (let step = 0; step < Number(STEPS); step++) {
      left = (left * remaining(HOUR_MS / STEPS, HOUR_MS)) / 1_000_000n;
    }
    expect(Number(left)).to.be.closeTo(500e9, 10e9);
  });

  it("ends a rating that was not verified for four half-lives and more", () => {
    expect(freshnessOf(0n, HOUR_MS, PARAMETERS)).to.equal(500_000n);
    expect(freshnessOf(0n, 4n * HOUR_MS, PARAMETERS)).to.equal(62_500n);
    expect(freshnessOf(0n, 6n * HOUR_MS, PARAMETERS)).to.equal(0n);
  });

  it("lets energy move a rating by five percent at most, and only from a counter", () => {
    const report = (source: (typeof ENERGY_SOURCES)[number], energyMillijoules: bigint) =>
      energyOf(
        { energyMillijoules, energySource: ENERGY_SOURCES.indexOf(source) },
        1_000_000_000n,
        PARAMETERS,
      );
    expect(report("rapl", 2000n)).to.equal(1_000_000n);
    expect(report("rapl", 1000n)).to.equal(1_050_000n);
    expect(report("rapl", 1n)).to.equal(1_050_000n);
    expect(report("rapl", 2500n)).to.equal(990_000n);
    expect(report("battery", 10n ** 15n)).to.equal(950_000n);
    for (const source of ["none", "estimate"] as const) {
      expect(report(source, 1n)).to.equal(1_000_000n);
    }
    expect(report("rapl", 0n)).to.equal(1_000_000n);
  });

  it("multiplies the factors", () => {
    const factors = {
      capacity: 10_000_000n,
      quality: 1_200_000,
      reliability: 500_000,
      energy: 1_050_000,
      freshness: 500_000,
    };
    expect(ratingOf(factors)).to.equal(3_150_000n);
    expect(ratingOf({ ...factors, freshness: 0 })).to.equal(0n);
  });
});
