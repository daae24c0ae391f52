import { expect } from "chai";
import { MAX_GAPS, type UnitRange } from "../../../../chain/types/search.ts";
import { countUnits, isCanonical, isWithin } from "../../../../chain/workload/search/coverage.ts";
import { limitGaps } from "../../../../node/jobs/search/limit-gaps.ts";

/** Gaps of one unit each, with searched stretches of these lengths between them. */
function gapsBetween(stretches: readonly number[], start = 0): UnitRange[] {
  let at = BigInt(start);
  return [0, ...stretches].map((length) => {
    at += BigInt(length);
    at += 1n;
    return { from: at - 1n, to: at };
  });
}

const range = (from: number, to: number): UnitRange => ({ from: BigInt(from), to: BigInt(to) });

describe("gaps of a search", () => {
  it("stay as they are while a record holds them", () => {
    const gaps = gapsBetween(Array.from({ length: MAX_GAPS - 1 }, () => 1));
    expect(limitGaps(gaps, [range(0, 1000)])).deep.equal(gaps);
    expect(limitGaps([], [])).deep.equal([]);
  });

  it("lose the shortest searched stretches between them, of equal ones the first", () => {
    const stretches = Array.from({ length: MAX_GAPS + 1 }, () => 5);
    stretches[7] = 2;
    const few = limitGaps(gapsBetween(stretches), [range(0, 1000)]);
    expect(few).length(MAX_GAPS);
    // The first stretch of 5 and that of 2.
    expect(few[0]).deep.equal(range(0, 7));
    expect(few[6]).deep.equal(range(42, 46));
  });

  it("do not grow together where units between them were searched in an earlier round", () => {
    const before = [range(0, 100), range(101, 2000)];
    const first = gapsBetween(Array.from({ length: 19 }, () => 4));
    const last = gapsBetween(
      Array.from({ length: 60 }, () => 9),
      101,
    );
    const few = limitGaps([...first, ...last], before);
    expect(few).length(MAX_GAPS);
    expect(isCanonical(few)).equal(true);
    expect(isWithin(few, before)).equal(true);
    expect(isWithin(first, few) && isWithin(last, few)).equal(true);
    // 17 of the stretches of 4 units, and none between 96 and 101.
    expect(countUnits(few)).equal(20n + 61n + 17n * 4n);
  });

  it("are few in one pass, however many there were", () => {
    const stretches = Array.from({ length: 100_000 }, (_, i) => 1 + (i % 7));
    const few = limitGaps(gapsBetween(stretches), [range(0, 1_000_000)]);
    expect(few).length(MAX_GAPS);
  });
});
