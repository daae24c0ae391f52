import { expect } from "chai";
import fc from "fast-check";
import {
  evenLease,
  SLICES,
  sliceAt,
  sliceCount,
  sliceLength,
  sliceOf,
} from "../../../../chain/workload/search/range.ts";

const RANGE = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 1n, max: 2n ** 20n }))
  .map(([from, size]) => ({ from, to: from + size }));

describe("slices of a lease", () => {
  it("cover the range once, in order, none empty, at most 64", () => {
    fc.assert(
      fc.property(RANGE, (range) => {
        const count = sliceCount(range);
        expect(count).within(1, SLICES);
        let next = range.from;
        for (let index = 0; index < count; index++) {
          const { from, to } = sliceAt(range, index);
          expect(from).equal(next);
          expect(to > from && to - from <= sliceLength(range)).equal(true);
          expect([sliceOf(range, from), sliceOf(range, to - 1n)]).deep.equal([index, index]);
          next = to;
        }
        expect(next).equal(range.to);
        expect([sliceOf(range, range.to), sliceOf(range, range.from - 1n)]).deep.equal([
          undefined,
          undefined,
        ]);
      }),
    );
  });

  it("are 64 of a power of two where the size was chosen so", () => {
    for (const wanted of [64n, 65n, 127n, 128n, 5_000_000n, 2n ** 40n - 1n]) {
      const size = evenLease(wanted);
      const range = { from: 7n, to: 7n + size };
      expect(size <= wanted && 2n * size > wanted, `${wanted}`).equal(true);
      expect(sliceCount(range)).equal(SLICES);
      const length = sliceLength(range);
      expect(length & (length - 1n)).equal(0n);
    }
    expect(evenLease(63n)).equal(63n);
    expect(evenLease(1n)).equal(1n);
  });

  it("do not exist of a range without nonces, or beyond the last", () => {
    for (const range of [
      { from: 5n, to: 5n },
      { from: 5n, to: 4n },
      { from: -1n, to: 4n },
    ]) {
      expect(() => sliceCount(range)).throw(RangeError);
    }
    const range = { from: 0n, to: 65n };
    expect(sliceCount(range)).equal(33);
    for (const index of [-1, 33, 0.5]) expect(() => sliceAt(range, index)).throw(RangeError);
  });
});
