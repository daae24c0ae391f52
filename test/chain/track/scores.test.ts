import { expect } from "chai";
import fc from "fast-check";
import { labelledCount, scoresOf } from "../../../chain/track/scores.ts";

describe("scores of a confusion matrix", () => {
  it("are the hand-computed ones of a 2x2 table", () => {
    // Class 0: precision 8/9, recall 8/10. Class 1: precision 9/11, recall 9/10.
    expect(scoresOf([8, 2, 1, 9], 20)).to.deep.equal({
      accuracy: 850_000,
      precision: 853_535,
      recall: 850_000,
      f1: Math.floor(((16 / 19 + 18 / 21) / 2) * 1e6),
    });
  });

  it("agree with the definition in floats, within a millionth", () => {
    const tables = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(tables, (counts) => {
        const samples = counts.reduce((sum, count) => sum + count, 0);
        fc.pre(samples > 0);
        const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0);
        const classes = [0, 1, 2, 3].flatMap((c) => {
          const labelled = sum(counts.slice(4 * c, 4 * c + 4));
          const predicted = sum(counts.filter((_, i) => i % 4 === c));
          if (labelled + predicted === 0) return [];
          const hits = counts[5 * c] ?? 0;
          return [(2 * hits) / (labelled + predicted)];
        });
        const f1 = (sum(classes) / classes.length) * 1e6;
        expect(scoresOf(counts, samples).f1).to.be.within(Math.floor(f1) - 1, f1 + 1e-3);
      }),
    );
  });

  it("refuse a matrix without samples, or one that is not square", () => {
    expect(() => scoresOf([0, 0, 0, 0], 0)).to.throw(RangeError);
    expect(() => scoresOf([1, 0, 1], 2)).to.throw(RangeError);
  });

  it("count the samples of a class along its row", () => {
    expect(labelledCount([8, 2, 1, 9], 2, 1)).to.equal(10);
  });
});
