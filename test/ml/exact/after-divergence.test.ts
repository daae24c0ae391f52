/** Workers keep a trainer from task to task: one that diverged must leave nothing to the next. */
import { expect } from "chai";
import type { Engine } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { BATCH_SIZE, caseBatch, EXACT_CASES, stepOf } from "../../helpers/exact-cases.ts";
import { seedOf } from "../../helpers/models.ts";

describe("exact engine after a run that came to NaN", () => {
  let engine: Engine;
  before(async () => {
    engine = await createExactEngine();
  });

  for (const exactCase of EXACT_CASES) {
    it(`gives the bits of a new trainer: ${exactCase.name}`, async () => {
      const model = exactCase.modelOf();
      const start = initialParameters(model, seedOf(3));
      const trainer = await engine.open(model, exactCase.hyperparameters);
      const run = (): unknown => {
        trainer.load(start);
        const losses = [0, 1].map((step) => stepOf(trainer, exactCase, model, 7, step));
        return { losses, parameters: trainer.parameters(), state: trainer.optimizerState() };
      };
      const fresh = run();
      const { inputs, targets } = caseBatch(exactCase, model, 5);
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e38]) {
        trainer.load(start.map(() => value));
        for (let step = 0; step < 3; step++) trainer.step(inputs, targets, BATCH_SIZE, step);
      }
      trainer.load(start);
      trainer.step(inputs.fill(Number.NaN), targets, BATCH_SIZE, 0);
      trainer.evaluate(inputs, targets, BATCH_SIZE);
      expect(run()).to.deep.equal(fresh);
      trainer.dispose();
    });
  }
});
