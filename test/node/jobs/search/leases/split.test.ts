import { expect } from "chai";
import { partFor } from "../../../../../node/jobs/search/leases/split.ts";

describe("work that is divided", () => {
  it("is half for a helper of the same speed that can begin at once", () => {
    expect(partFor({ units: 1_000, rate: 1, waitMs: 0 }, { rate: 1, waitMs: 0 })).equal(500);
  });

  it("is so divided that both end together, whatever their speeds and waits", () => {
    for (const rate of [0.1, 1, 10]) {
      const part = partFor({ units: 10_000, rate: 1, waitMs: 200 }, { rate, waitMs: 300 }) ?? 0;
      if (part === 0) continue;
      expect(300 + part / rate).closeTo(200 + 10_000 - part, 1 + 1 / rate);
    }
    expect(partFor({ units: 10_000, rate: 1, waitMs: 200 }, { rate: 10, waitMs: 300 })).equal(
      9_000,
    );
  });

  it("is not divided where that gains less than a tenth of the time", () => {
    const alone = { units: 1_000, rate: 1, waitMs: 0 };
    expect(partFor(alone, { rate: 1, waitMs: 790 })).equal(105);
    expect(partFor(alone, { rate: 1, waitMs: 810 })).equal(undefined);
    expect(partFor(alone, { rate: 0.1, waitMs: 0 })).equal(undefined);
  });
});
