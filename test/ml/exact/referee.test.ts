/** The kernels against the plain second implementation of docs/exact-engine.md, bit by bit. */
import { expect } from "chai";
import type { Engine } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { initialParameters } from "../../../ml/model/initializers.ts";
import { COUNTS, EXACT_CASES, stepOf } from "../../helpers/exact-cases.ts";
import { ExactReferee } from "../../helpers/exact-referee/referee.ts";
import { seedOf } from "../../helpers/models.ts";

const bitsOf = (values: Float32Array): Int32Array => new Int32Array(values.buffer);

describe("exact engine against its referee", () => {
  let engine: Engine;
  before(async () => {
    engine = await createExactEngine();
  });

  for (const exactCase of EXACT_CASES) {
    it(`gives the same bits: ${exactCase.name}`, async () => {
      const model = exactCase.modelOf();
      const start = initialParameters(model, seedOf(3));
      const trainer = await engine.open(model, exactCase.hyperparameters);
      trainer.load(start);
      const referee = new ExactReferee(model, start, exactCase.hyperparameters);
      COUNTS.forEach((count, step) => {
        const loss = stepOf(trainer, exactCase, model, count, step);
        expect(loss).to.equal(stepOf(referee, exactCase, model, count, step));
      });
      expect(bitsOf(trainer.parameters())).to.deep.equal(bitsOf(referee.parameters));
      expect(bitsOf(trainer.optimizerState())).to.deep.equal(bitsOf(referee.state));
      expect(bitsOf(trainer.parameters())).not.to.deep.equal(bitsOf(start));
    });
  }
});
