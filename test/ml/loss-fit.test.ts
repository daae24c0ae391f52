import { expect } from "chai";
import { LOSSES } from "../../ml/hyperparameters.ts";
import { checkLossFits, defaultLoss } from "../../ml/loss-fit.ts";
import type { ModelEnding } from "../../ml/model/layers-model.ts";
import { expectCode } from "../helpers/expect-code.ts";

const ANY = ["meanSquaredError", "meanAbsoluteError", "huber"];
const FITTING: Readonly<Record<ModelEnding, readonly string[]>> = {
  softmax: ["sparseCategoricalCrossentropy", "categoricalCrossentropy", ...ANY],
  sigmoid: ["binaryCrossentropy", ...ANY],
  other: ANY,
};

describe("which loss fits a model", () => {
  for (const [name, fitting] of Object.entries(FITTING)) {
    const ending = name as ModelEnding;
    it(`takes ${fitting.join(", ")} after ${name} and refuses the rest with one that fits`, () => {
      for (const loss of LOSSES) {
        if (fitting.includes(loss)) {
          checkLossFits(loss, { ending });
          continue;
        }
        const error = expectCode(() => checkLossFits(loss, { ending }), "BAD_HYPERPARAMETER");
        expect(error.facts).to.include({ field: "loss" });
        expect(error.message).to.include(loss);
        expect(fitting.some((other) => error.remedy?.includes(other))).to.equal(true);
      }
    });
  }

  it("is by default the cross-entropy of the ending", () => {
    expect(defaultLoss({ ending: "sigmoid" })).to.equal("binaryCrossentropy");
    expect(defaultLoss({ ending: "softmax" })).to.equal("sparseCategoricalCrossentropy");
  });
});
