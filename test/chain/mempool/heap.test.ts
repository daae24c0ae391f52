import { expect } from "chai";
import fc from "fast-check";
import { Heap } from "../../../chain/mempool/heap.ts";

const drain = (heap: Heap<number>): number[] =>
  Array.from({ length: heap.size }, () => heap.pop() ?? Number.NaN);

describe("Heap", () => {
  it("gives back what was pushed or given, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (given, pushed) => {
        const heap = new Heap<number>((a, b) => a < b, given);
        for (const item of pushed) heap.push(item);
        expect(drain(heap)).to.deep.equal([...given, ...pushed].sort((a, b) => a - b));
        expect(heap.pop()).to.equal(undefined);
      }),
    );
  });
});
