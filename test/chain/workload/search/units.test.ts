import { expect } from "chai";
import fc from "fast-check";
import type { UnitRange } from "../../../../chain/types/search.ts";
import {
  countUnits,
  isCanonical,
  isWithin,
  withoutUnits,
} from "../../../../chain/workload/search/coverage.ts";
import { SEGMENTS, segmentAt, segmentCount } from "../../../../chain/workload/search/segments.ts";
import {
  orderedUnits,
  unitAt,
  unitCount,
  unitOf,
} from "../../../../chain/workload/search/units.ts";
import { rangesOf } from "../../../helpers/search-run.ts";

const CUT = fc
  .tuple(
    fc.bigInt({ min: 0n, max: 2n ** 60n }),
    fc.bigInt({ min: 1n, max: 2n ** 20n }),
    fc.integer({ min: 6, max: 32 }),
  )
  .map(([from, nonces, unitBits]) => ({ from, to: from + nonces, unitBits }));

const SOME = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 60 });
const unitsOf = (numbers: readonly number[]): bigint[] => numbers.map(BigInt);
const inRanges = (ranges: readonly UnitRange[], unit: bigint): boolean =>
  ranges.some(({ from, to }) => unit >= from && unit < to);

describe("units of a search", () => {
  it("cover its nonces once, in order, all but the last of one length", () => {
    fc.assert(
      fc.property(CUT, fc.double({ min: 0, max: 1, noNaN: true }), (cut, part) => {
        const count = unitCount(cut);
        const unit = BigInt(Math.floor(part * Number(count - 1n)));
        const { from, to } = unitAt(cut, unit);
        expect(unitOf(cut, from)).equal(unit);
        expect(unitOf(cut, to - 1n)).equal(unit);
        if (unit + 1n < count) expect(to - from).equal(1n << BigInt(cut.unitBits));
        expect(unitAt(cut, 0n).from).equal(cut.from);
        expect(unitAt(cut, count - 1n).to).equal(cut.to);
        expect(unitOf(cut, cut.to)).equal(undefined);
        expect(() => unitAt(cut, count)).to.throw(RangeError);
      }),
    );
  });

  it("are ordered once, and as many of them again as the order asks for, rounded up", () => {
    const cut = { from: 0n, to: 64n * 10n, unitBits: 6 };
    expect(orderedUnits({ ...cut, redundancy: 0 })).equal(10n);
    expect(orderedUnits({ ...cut, redundancy: 5 })).equal(11n);
    expect(orderedUnits({ ...cut, redundancy: 100 })).equal(20n);
  });
});

describe("sets of units", () => {
  it("have one form", () => {
    const range = (from: bigint, to: bigint): UnitRange => ({ from, to });
    expect(isCanonical([])).equal(true);
    expect(isCanonical([range(0n, 1n), range(2n, 3n)])).equal(true);
    expect(isCanonical([range(0n, 2n), range(2n, 3n)]), "touching").equal(false);
    expect(isCanonical([range(0n, 3n), range(2n, 4n)]), "overlapping").equal(false);
    expect(isCanonical([range(2n, 3n), range(0n, 1n)]), "unordered").equal(false);
    expect(isCanonical([range(1n, 1n)]), "empty").equal(false);
  });

  it("are taken from each other, and within each other, unit by unit", () => {
    fc.assert(
      fc.property(SOME, SOME, (some, others) => {
        const [a, b] = [rangesOf(unitsOf(some)), rangesOf(unitsOf(others))];
        const left = withoutUnits(a, b);
        expect(isCanonical(left)).equal(true);
        for (let unit = 0n; unit <= 61n; unit++) {
          expect(inRanges(left, unit)).equal(inRanges(a, unit) && !inRanges(b, unit));
        }
        expect(countUnits(left)).equal(BigInt(some.filter((one) => !others.includes(one)).length));
        expect(isWithin(a, b)).equal(some.every((one) => others.includes(one)));
        expect(isWithin(left, a)).equal(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("segments of a claim", () => {
  it("cover its units once, none empty, at most 64", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_536 }), (units) => {
        const count = segmentCount(units);
        expect(count).equal(Math.min(SEGMENTS, units));
        let next = 0;
        for (let segment = 0; segment < count; segment++) {
          const { from, to } = segmentAt(units, segment);
          expect(from).equal(next);
          expect(to).above(from);
          next = to;
        }
        expect(next).equal(units);
        expect(() => segmentAt(units, count)).to.throw(RangeError);
      }),
    );
  });
});
