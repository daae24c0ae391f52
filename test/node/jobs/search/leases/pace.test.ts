import { expect } from "chai";
import {
  afterLease,
  aimMs,
  FIRST_UNITS,
  NEW_PACE,
  nextSize,
  type Pace,
  tailSize,
  tooFar,
} from "../../../../../node/jobs/search/leases/pace.ts";

const AIM = 10_000;

/** What a lane of `rate` units a millisecond makes of `leases` leases. */
function run(
  rate: number,
  leases: number,
  waitedMs = 0,
  aim = AIM,
): { pace: Pace; sizes: number[] } {
  let pace = NEW_PACE;
  const sizes: number[] = [];
  for (let i = 0; i < leases; i++) {
    const units = nextSize(pace, aim);
    sizes.push(units);
    const expectedMs = pace.rate === undefined ? undefined : units / pace.rate;
    const searchedMs = units / rate;
    pace = afterLease(pace, { units, isFull: true, searchedMs, expectedMs, waitedMs, aimMs: aim });
  }
  return { pace, sizes };
}

describe("pace of a lane", () => {
  it("aims at 20 times what asking costs, within 10 s and 60 s", () => {
    expect(aimMs({ rttMs: 5, scheduleMs: 20 })).equal(10_000);
    expect(aimMs({ rttMs: 300, scheduleMs: 500 })).equal(16_000);
    expect(aimMs({ rttMs: 3_000, scheduleMs: 1_000 })).equal(60_000);
  });

  it("starts small, grows by half at most once leases last a second, and stops at the aim", () => {
    for (const rate of [0.0005, 0.01, 0.5]) {
      const { sizes } = run(rate, 40);
      expect(sizes[0]).equal(FIRST_UNITS);
      for (const [i, size] of sizes.entries()) {
        const before = sizes[i - 1] ?? size;
        const isMeasured = before / rate >= 1_000;
        expect(size).at.most(isMeasured ? Math.max(1.5 * before, before + 1) : 8 * before);
      }
      expect((sizes.at(-1) ?? 0) / rate).within(AIM * 0.79, AIM * 1.01);
    }
  });

  it("shrinks after two slow leases in a row, not after one, and by half at most", () => {
    const { pace, sizes } = run(0.1, 40);
    const size = sizes.at(-1) ?? 0;
    const slow = {
      units: size,
      isFull: true,
      searchedMs: 40_000,
      expectedMs: AIM,
      waitedMs: 0,
      aimMs: AIM,
    };
    const once = afterLease(pace, slow);
    expect(nextSize(once, AIM)).equal(size);
    const twice = afterLease(once, slow);
    expect(nextSize(twice, AIM)).within(size / 2, size - 1);
    const forgiven = afterLease(once, { ...slow, searchedMs: AIM });
    expect(nextSize(afterLease(forgiven, slow), AIM)).equal(size);
  });

  it("gives half of a lane's share near the end, by its speed, and never crumbs", () => {
    const lane = { rate: 0.1, totalRate: 1, askMs: 200 };
    expect(tailSize(1_000, 1_000_000, lane)).equal(1_000);
    expect(tailSize(1_000, 10_000, lane)).equal(500);
    expect(tailSize(1_000, 10, lane)).equal(100);
    expect(tailSize(1_000, 10, { ...lane, rate: 0.0001 })).equal(1);
  });

  it("tells a lane that it is too far away, with figures, once its leases are as long as they get", () => {
    expect(tooFar(run(0.1, 40, 100).pace)).equal(undefined);
    expect(tooFar(run(0.1, 40, 30_000).pace)).equal(undefined);
    expect(aimMs({ rttMs: 5, scheduleMs: 5 }, run(0.1, 40, 30_000).pace)).equal(60_000);
    const far = tooFar(run(0.1, 60, 90_000, 60_000).pace);
    expect(far?.overhead).within(0.59, 0.61);
    expect(far?.leaseMs).within(59_000, 61_000);
  });
});
