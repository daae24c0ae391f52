import { expect } from "chai";
import { checkHyperparameters, type Hyperparameters } from "../../ml/hyperparameters.ts";
import { expectCode } from "../helpers/expect-code.ts";

const SGD = { kind: "sgd", learningRate: 0.1, momentum: 0.9 } as const;
const ADAM = { kind: "adam", learningRate: 0.1 } as const;
const ADAGRAD = { kind: "adagrad", learningRate: 0.1 } as const;

describe("checkHyperparameters", () => {
  it("takes every optimizer and loss with its defaults", () => {
    for (const optimizer of [SGD, ADAM, ADAGRAD]) checkHyperparameters({ optimizer, batchSize: 1 });
    checkHyperparameters({ optimizer: SGD, batchSize: 4_096, loss: "huber" });
  });

  const cases: readonly (readonly [string, object])[] = [
    ["batchSize", { batchSize: 0 }],
    ["batchSize", { batchSize: 4_097 }],
    ["batchSize", { batchSize: 1.5 }],
    ["loss", { loss: "hinge" }],
    ["optimizer.kind", { optimizer: { ...SGD, kind: "lion" } }],
    ["optimizer.learningRate", { optimizer: { ...SGD, learningRate: 0 } }],
    ["optimizer.learningRate", { optimizer: { ...ADAM, learningRate: Number.NaN } }],
    ["optimizer.momentum", { optimizer: { ...SGD, momentum: 1 } }],
    ["optimizer.beta1", { optimizer: { ...ADAM, beta1: 1 } }],
    ["optimizer.beta2", { optimizer: { ...ADAM, beta2: -0.1 } }],
    ["optimizer.epsilon", { optimizer: { ...ADAM, epsilon: 0 } }],
    ["optimizer.epsilon", { optimizer: { ...ADAGRAD, epsilon: 2 } }],
    ["optimizer.initialAccumulator", { optimizer: { ...ADAGRAD, initialAccumulator: -1 } }],
    ["optimizer.weightDecay", { optimizer: { ...SGD, weightDecay: 10 } }],
    ["optimizer.clipValue", { optimizer: { ...SGD, clipValue: 0 } }],
    ["optimizer.clipNorm", { optimizer: { ...ADAM, clipNorm: Number.POSITIVE_INFINITY } }],
  ];
  for (const [field, change] of cases) {
    it(`refuses ${JSON.stringify(change)}`, () => {
      const options = { optimizer: SGD, batchSize: 8, ...change } as Hyperparameters;
      const error = expectCode(() => checkHyperparameters(options), "BAD_HYPERPARAMETER");
      expect(error.message).to.include(field);
      expect(error.remedy).to.include(field);
    });
  }
});
