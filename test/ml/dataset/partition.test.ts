import { expect } from "chai";
import fc from "fast-check";
import { balancedSubset, stratifiedSplit } from "../../../ml/dataset/order.ts";
import { assignChunks } from "../../../ml/dataset/partition.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const SEED = new Uint8Array(32).fill(7);
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe("assignChunks", () => {
  for (const partition of ["iid", "by-label"] as const) {
    it(`covers every chunk once and evenly (${partition})`, () => {
      const sizes = fc
        .integer({ min: 1, max: 300 })
        .chain((chunks) => fc.tuple(fc.constant(chunks), fc.integer({ min: 1, max: chunks })));
      fc.assert(
        fc.property(sizes, seeds, ([chunks, participants], seed) => {
          const shares = assignChunks(chunks, participants, seed, partition);
          expect(shares).to.have.lengthOf(participants);
          const all = shares.flat().sort((a, b) => a - b);
          expect(all).to.deep.equal(Array.from({ length: chunks }, (_, i) => i));
          const lengths = shares.map((share) => share.length);
          expect(Math.max(...lengths) - Math.min(...lengths)).to.be.at.most(1);
          expect(assignChunks(chunks, participants, seed, partition)).to.deep.equal(shares);
        }),
      );
    });
  }

  it("gives each participant at most two runs of label-sorted chunks", () => {
    for (const share of assignChunks(200, 10, SEED, "by-label")) {
      const breaks = share.filter((chunk, i) => i > 0 && chunk !== (share[i - 1] ?? 0) + 1);
      expect(breaks.length).to.be.at.most(1);
    }
  });

  it("depends on the seed", () => {
    const other = new Uint8Array(32).fill(8);
    expect(assignChunks(40, 4, SEED, "iid")).not.to.deep.equal(assignChunks(40, 4, other, "iid"));
  });

  it("refuses TOO_FEW_CHUNKS", () => {
    expectCode(() => assignChunks(3, 4, SEED, "iid"), "TOO_FEW_CHUNKS");
    expectCode(() => assignChunks(3, 0, SEED, "iid"), "TOO_FEW_CHUNKS");
  });
});

describe("choices of rows", () => {
  const labelLists = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 80 });

  it("splits without loss and keeps classes in both parts", () => {
    fc.assert(
      fc.property(labelLists, seeds, (list, seed) => {
        const labels = Uint16Array.from(list);
        const [first, rest] = stratifiedSplit(labels, 0.2, seed);
        const all = [...first, ...rest].sort((a, b) => a - b);
        expect(all).to.deep.equal(list.map((_, i) => i));
        const classesOf = (rows: Uint32Array): Set<number> =>
          new Set(Array.from(rows, (row) => labels[row] ?? 0));
        for (const label of new Set(list)) {
          const members = list.filter((other) => other === label).length;
          expect(classesOf(rest).has(label)).to.equal(true);
          expect(classesOf(first).has(label)).to.equal(members > 1);
        }
      }),
    );
  });

  it("takes the same number of each class", () => {
    const labels = Uint16Array.from({ length: 60 }, (_, i) => (i < 40 ? i % 2 : 2));
    const chosen = balancedSubset(labels, 31, SEED);
    const counts = [0, 1, 2].map((label) => chosen.filter((row) => labels[row] === label).length);
    expect(counts).to.deep.equal([11, 10, 10]);
    expect(() => balancedSubset(labels, 63, SEED)).to.throw(RangeError, "class 0");
  });
});
