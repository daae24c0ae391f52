import { expect } from "chai";
import { FAN_OUT, type FanOut, LeaseTree } from "../../../../../node/jobs/search/leases/tree.ts";

function tree(length: number, round = 1, fanOut?: FanOut): LeaseTree {
  const participants = Array.from({ length }, (_, i) => 100 + i);
  return new LeaseTree({ participants, round }, fanOut);
}

function nodes(length: number): number[] {
  return Array.from({ length }, (_, i) => 100 + i);
}

describe("tree of a search", () => {
  it("is none up to 16 participants", () => {
    for (const count of [0, 1, 8, 16]) {
      const small = tree(count);
      expect(small.top).deep.equal(nodes(count));
      for (const node of nodes(count)) {
        expect(small.above(node)).deep.equal([]);
        expect(small.isSubManager(node)).equal(false);
      }
    }
  });

  it("has everybody once, at most 16 under a manager and 8 to 16 under a sub-manager, whatever the round", () => {
    for (let count = 17; count <= 600; count += count < 40 ? 1 : 37) {
      for (const round of [1, 2, 5]) {
        const placed = tree(count, round);
        const seen: number[] = [];
        const walk = (children: readonly number[], least: number): void => {
          expect(children.length, `${count} in all`).within(least, FAN_OUT.most);
          for (const child of children) {
            seen.push(child);
            if (placed.isSubManager(child)) walk(placed.children(child), FAN_OUT.least);
          }
        };
        walk(placed.top, 2);
        expect(seen.toSorted((a, b) => a - b)).deep.equal(nodes(count));
      }
    }
  });

  it("is as deep as the logarithm to base 16 asks for", () => {
    const depth = (count: number): number =>
      Math.max(...nodes(count).map((node) => tree(count).above(node).length));
    expect([16, 17, 256, 272].map(depth)).deep.equal([0, 1, 1, 1]);
    expect(depth(273)).equal(2);
  });

  it("has as few sub-managers as can be, in drawn order", () => {
    const heads = (count: number): number[] =>
      tree(count).top.filter((node) => tree(count).isSubManager(node));
    expect(heads(17)).deep.equal([100]);
    expect(heads(32)).deep.equal([100]);
    expect(heads(33)).deep.equal([100, 101]);
    expect(heads(256)).have.lengthOf(15);
  });

  it("makes others sub-managers in the next round", () => {
    const heads = (round: number): number[] =>
      tree(40, round).top.filter((node) => tree(40, round).isSubManager(node));
    expect(heads(1)).deep.equal([100, 101]);
    expect(heads(2)).deep.equal([102, 103]);
    expect(heads(21)).deep.equal([100, 101]);
  });

  it("tells the way up, and who is below", () => {
    const small = tree(7, 1, { most: 2, least: 1 });
    expect(small.top).deep.equal([100, 101]);
    expect(small.children(100)).deep.equal([102, 103]);
    expect(small.children(102)).deep.equal([104]);
    expect(small.above(104)).deep.equal([102, 100]);
    expect(small.isBelow(104, 100)).equal(true);
    expect(small.isBelow(104, 101)).equal(false);
    expect(small.isBelow(100, 100)).equal(false);
    expect(small.countBelow(100)).equal(3);
    expect(small.above(999)).deep.equal([]);
  });

  it("is refused with a fan-out that makes none", () => {
    for (const [most, least] of [
      [1, 1],
      [4, 0],
      [4, 5],
    ] as const) {
      expect(() => tree(9, 1, { most, least })).throw(RangeError);
    }
  });
});
