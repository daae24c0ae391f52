import { expect } from "chai";
import { JOB_LOSSES, JOB_OPTIMIZERS } from "../../chain/types/optimizer.ts";
import { checkHyperparameters, LOSSES, type Optimizer } from "../../ml/hyperparameters.ts";
import { hyperparametersOf, optimizerOf, optimizerSpecOf } from "../../ml/job-hyperparameters.ts";

const COMMON = { weightDecay: 0.01, clipValue: 0.5, clipNorm: 2.25 };
const STATED: readonly Optimizer[] = [
  { kind: "sgd", learningRate: 0.07, momentum: 0.9, ...COMMON },
  { kind: "sgd", learningRate: 0.000001, momentum: 0, weightDecay: 0 },
  { kind: "adam", learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, ...COMMON },
  { kind: "adagrad", learningRate: 0.01, initialAccumulator: 0.1, epsilon: 1e-9, ...COMMON },
];

describe("hyperparameters of a job", () => {
  for (const optimizer of STATED) {
    it(`come back from the wire as the same numbers: ${JSON.stringify(optimizer)}`, () => {
      const spec = { optimizer: optimizerSpecOf(optimizer), loss: 5, batchSize: 32 };
      const hyperparameters = hyperparametersOf(spec);
      expect(hyperparameters).to.deep.equal({ optimizer, loss: "huber", batchSize: 32 });
      checkHyperparameters(hyperparameters);
    });
  }

  it("leave settings that the optimizer does not use at 0, and state the defaults of the others", () => {
    const adam = optimizerSpecOf({ kind: "adam", learningRate: 0.5 });
    expect(adam).to.deep.equal({
      kind: JOB_OPTIMIZERS.indexOf("adam"),
      learningRate: 500_000,
      momentum: 0,
      beta1: 900_000,
      beta2: 999_000,
      epsilon: 100,
      initialAccumulator: 0,
      weightDecay: 0,
      clipValue: 0,
      clipNorm: 0,
    });
    expect(optimizerSpecOf({ kind: "adagrad", learningRate: 0.5 })).to.include({
      beta1: 0,
      epsilon: 100,
      initialAccumulator: 100_000,
    });
  });

  it("name every loss of the engines", () => {
    expect([...JOB_LOSSES].sort()).to.deep.equal([...LOSSES].sort());
  });

  it("refuse settings that the chain would refuse", () => {
    const optimizer = optimizerSpecOf({ kind: "sgd", learningRate: 1, momentum: 0 });
    expect(() => optimizerOf({ ...optimizer, kind: 3 })).to.throw(RangeError, "optimizer 3");
    const spec = { optimizer, loss: JOB_LOSSES.length, batchSize: 1 };
    expect(() => hyperparametersOf(spec)).to.throw(RangeError, "loss 6");
  });
});
