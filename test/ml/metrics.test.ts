import { expect } from "chai";
import fc from "fast-check";
import { metricsOf, ratiosOf } from "../../ml/metrics.ts";

describe("metricsOf", () => {
  it("gives the hand-computed values of a 2x2 table", () => {
    // Class 0: precision 8/9, recall 8/10. Class 1: precision 9/11, recall 9/10.
    const metrics = metricsOf({
      lossSum: 10.0000004,
      samples: 20,
      confusion: Uint32Array.of(8, 2, 1, 9),
    });
    expect(metrics).to.deep.equal({
      loss: 500_000n,
      accuracy: 850_000,
      precision: 853_535,
      recall: 850_000,
      f1: Math.floor(((16 / 19 + 18 / 21) / 2) * 1e6),
    });
    expect(ratiosOf(metrics).accuracy).to.equal(0.85);
  });

  it("leaves out classes that never occur, and counts undefined fractions as 0", () => {
    const confusion = Uint32Array.of(3, 0, 0, 1, 0, 0, 0, 0, 0);
    const metrics = metricsOf({ lossSum: 0, samples: 4, confusion });
    expect(metrics.precision).to.equal(375_000);
    expect(metrics.recall).to.equal(500_000);
    expect(metrics.accuracy).to.equal(750_000);
  });

  it("stays within 0 and 1, and is 1 exactly when all are right", () => {
    const tables = fc.array(fc.integer({ min: 0, max: 9999 }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(tables, (counts) => {
        const samples = counts.reduce((sum, count) => sum + count, 0);
        fc.pre(samples > 0);
        const { accuracy, precision, recall, f1 } = metricsOf({
          lossSum: 1,
          samples,
          confusion: Uint32Array.from(counts),
        });
        const wrong = counts.some((count, i) => count > 0 && i % 4 !== 0);
        for (const value of [accuracy, precision, recall, f1]) {
          expect(value).to.be.within(0, 1e6);
          expect(value === 1e6).to.equal(!wrong);
        }
      }),
    );
  });

  it("cuts a loss to what the field of a block holds", () => {
    const { loss } = metricsOf({
      lossSum: 1e77,
      samples: 2,
      confusion: Uint32Array.of(2, 0, 0, 0),
    });
    expect(loss).to.equal(2n ** 64n - 1n);
  });

  it("refuses a loss that is not finite and no samples", () => {
    const confusion = new Uint32Array(4);
    expect(() => metricsOf({ lossSum: Number.NaN, samples: 2, confusion })).to.throw(RangeError);
    expect(() => metricsOf({ lossSum: 0, samples: 0, confusion })).to.throw(RangeError);
  });
});
