import { expect } from "chai";
import fc from "fast-check";
import { planNonces } from "../../../node/chain/nonce-plan.ts";

const movable = (nonce: number) => ({ nonce, isMovable: true });
const fixed = (nonce: number) => ({ nonce, isMovable: false });
const nobody = (): boolean => false;

describe("planNonces", () => {
  const plan = (
    first: number,
    entries: readonly { nonce: number; isMovable: boolean }[],
    taken: (nonce: number) => boolean = nobody,
  ) => {
    const { assigned, gaps } = planNonces(first, entries, taken);
    return { moves: assigned.map(({ entry, nonce }) => [entry.nonce, nonce]), gaps };
  };

  it("does not move transactions that follow without a gap", () => {
    expect(plan(5, [movable(5), fixed(6), movable(7)])).to.deep.equal({
      moves: [
        [5, 5],
        [6, 6],
        [7, 7],
      ],
      gaps: [],
    });
  });

  it("fills a gap with the last transaction that may move, and does not move the others", () => {
    expect(plan(5, [movable(6), movable(7), movable(8)]).moves).to.deep.equal([
      [8, 5],
      [6, 6],
      [7, 7],
    ]);
  });

  it("never moves money: its first signature may still be included", () => {
    expect(plan(5, [fixed(6), movable(7)])).to.deep.equal({
      moves: [
        [7, 5],
        [6, 6],
      ],
      gaps: [],
    });
    expect(plan(5, [fixed(7)])).to.deep.equal({ moves: [[7, 7]], gaps: [5, 6] });
  });

  it("moves a transaction whose nonce is used, also money, since it can never be included", () => {
    expect(plan(5, [fixed(4), fixed(5)])).to.deep.equal({
      moves: [
        [5, 5],
        [4, 6],
      ],
      gaps: [],
    });
  });

  it("skips nonces that a transaction of another program uses", () => {
    expect(plan(5, [movable(5), movable(6)], (nonce) => nonce === 5)).to.deep.equal({
      moves: [
        [6, 6],
        [5, 7],
      ],
      gaps: [],
    });
  });

  it("keeps every entry once, no two under one nonce, and no gap that something could fill", () => {
    const entry = fc.record({ nonce: fc.nat(12), isMovable: fc.boolean() });
    const entries = fc.uniqueArray(entry, { selector: ({ nonce }) => nonce, maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(6), entries, fc.array(fc.nat(12)), (first, list, others) => {
        const { assigned, gaps } = planNonces(first, list, (nonce) => others.includes(nonce));
        expect(new Set(assigned.map((one) => one.entry)).size).to.equal(list.length);
        const nonces = assigned.map(({ nonce }) => nonce);
        expect(new Set(nonces).size).to.equal(list.length);
        expect(Math.min(first, ...nonces, ...gaps)).to.equal(first);
        for (const {
          entry: { isMovable, nonce: old },
          nonce,
        } of assigned) {
          if (!isMovable && old >= first) expect(nonce).to.equal(old);
        }
        const highest = Math.max(first - 1, ...nonces);
        for (let nonce = first; nonce <= highest; nonce++) {
          const count = [nonces, gaps].filter((all) => all.includes(nonce)).length;
          expect(count + Number(others.includes(nonce))).to.be.at.least(1);
        }
        for (const gap of gaps) {
          const moved = assigned.filter(({ entry }) => entry.isMovable);
          for (const { nonce } of moved) expect(nonce).to.be.lessThan(gap);
        }
      }),
    );
  });
});
