import { expect } from "chai";
import type { Engine } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import type { Hyperparameters } from "../../../ml/hyperparameters.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { readLayersModel } from "../../../ml/model/read-layers-model.ts";
import { tf } from "../../../ml/tfjs/backend.ts";
import { createTfjsEngine } from "../../../ml/tfjs/engine.ts";
import { caseBatch, PAIR_CASES, stepOf, TRAINING_CASES } from "../../helpers/exact-cases.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import {
  BEYOND_TFJS,
  batchOf,
  layer,
  seedOf,
  sequential,
  TEST_MODELS,
} from "../../helpers/models.ts";

const BATCH_SIZE = 10;
const OPTIONS: Hyperparameters = {
  optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
  batchSize: BATCH_SIZE,
};

/** Layers that only tfjs has, recurrent, depthwise and normalising ones among them. */
function tfjsOnly(): object {
  return sequential(
    layer("Conv2D", "conv", {
      batch_input_shape: [null, 8, 8, 1],
      filters: 4,
      kernel_size: 3,
      activation: "elu",
    }),
    layer("BatchNormalization", "norm"),
    layer("DepthwiseConv2D", "depthwise", { kernel_size: 3 }),
    layer("AveragePooling2D", "pool"),
    layer("Reshape", "reshape", { target_shape: [2, 8] }),
    layer("LSTM", "lstm", { units: 5 }),
    layer("Dropout", "drop", { rate: 0.2 }),
    layer("Dense", "output", { units: 3, activation: "softmax" }),
  );
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).to.equal(b.length);
  return a.reduce((top, value, index) => Math.max(top, Math.abs(value - (b[index] ?? 0))), 0);
}

describe("tfjs engine", () => {
  let exact: Engine;
  let tfjs: Engine;
  const warnings: string[] = [];
  before(async () => {
    exact = await createExactEngine();
    tfjs = await createTfjsEngine((message) => warnings.push(message));
  });

  it("never falls back to the slow backend without a warning", () => {
    expect(tfjs.version).to.match(/^4\.22\.0-(tensorflow|wasm)$/);
    expect(warnings).to.be.empty;
  });

  for (const [name, modelOf] of Object.entries(TEST_MODELS)) {
    it(`agrees with the exact engine on loss, gradients and outputs: ${name}`, async () => {
      const model = modelOf();
      const ours = await exact.open(model, OPTIONS);
      const theirs = await tfjs.open(model, OPTIONS);
      const start = initialParameters(model, seedOf(3));
      ours.load(start);
      theirs.load(start);
      for (const [step, count] of [BATCH_SIZE, 7, 1].entries()) {
        const { inputs, labels } = batchOf(model, BATCH_SIZE, step);
        const expected = ours.step(inputs, labels, count, 0);
        expect(theirs.step(inputs, labels, count, 0)).to.be.closeTo(expected, 2e-6);
        // After the first step the momentum is the gradient itself.
        const states = [ours.optimizerState(), theirs.optimizerState()] as const;
        expect(largestDifference(...states)).to.be.below(2e-6);
        expect(largestDifference(ours.parameters(), theirs.parameters())).to.be.below(1e-6);
      }
      const { inputs, labels } = batchOf(model, 23, 9);
      const [a, b] = [ours.evaluate(inputs, labels, 23), theirs.evaluate(inputs, labels, 23)];
      expect(b.lossSum).to.be.closeTo(a.lossSum, 1e-4);
      expect(b.confusion).to.deep.equal(a.confusion);
      expect(largestDifference(ours.predict(inputs, 23), theirs.predict(inputs, 23))).to.be.below(
        1e-6,
      );
      theirs.dispose();
    });
  }

  for (const exactCase of [...TRAINING_CASES, ...PAIR_CASES]) {
    it(`agrees with the exact engine after two steps: ${exactCase.name}`, async () => {
      const model = exactCase.modelOf();
      const trainers = [
        await exact.open(model, exactCase.hyperparameters),
        await tfjs.open(model, exactCase.hyperparameters),
      ] as const;
      const results = trainers.map((trainer) => {
        trainer.load(initialParameters(model, seedOf(3)));
        const losses = [0, 1].map((step) => stepOf(trainer, exactCase, model, BATCH_SIZE, step));
        const { inputs, targets } = caseBatch(exactCase, model, 9);
        const { lossSum, confusion } = trainer.evaluate(inputs, targets, BATCH_SIZE);
        return {
          losses: Float32Array.of(...losses, lossSum),
          confusion,
          parameters: trainer.parameters(),
          state: trainer.optimizerState(),
        };
      });
      const [ours, theirs] = results;
      if (ours === undefined || theirs === undefined) return expect.fail();
      expect(largestDifference(ours.losses, theirs.losses)).to.be.below(2e-5);
      expect(largestDifference(ours.parameters, theirs.parameters)).to.be.below(1e-5);
      expect(largestDifference(ours.state, theirs.state)).to.be.below(1e-5);
      expect(theirs.confusion).to.deep.equal(ours.confusion);
      trainers[1].dispose();
    });
  }

  it("predicts what the exact engine predicts with dilated convolutions, which it cannot train", async () => {
    const model = BEYOND_TFJS["dilated convolutions"]?.() ?? expect.fail();
    const [ours, theirs] = [await exact.open(model, OPTIONS), await tfjs.open(model, OPTIONS)];
    const { inputs } = batchOf(model, BATCH_SIZE, 1);
    const outputs = [ours, theirs].map((trainer) => {
      trainer.load(initialParameters(model, seedOf(3)));
      return trainer.predict(inputs, BATCH_SIZE);
    });
    theirs.dispose();
    const [a = inputs, b = inputs] = outputs;
    expect(largestDifference(a, b)).to.be.below(1e-6);
  });

  it("trains a model outside the exact engine, leaks no tensor and frees all of them", async () => {
    const before = tf.memory().numTensors;
    const model = await readLayersModel(tfjsOnly());
    expect(tf.memory().numTensors).to.equal(before);
    expect(model.exactRefusal).to.include({ layer: "conv", className: "Conv2D" });
    const trainer = await tfjs.open(model, OPTIONS);
    trainer.load(initialParameters(model, seedOf(2)));
    const { inputs, labels } = batchOf(model, BATCH_SIZE, 1);
    const first = trainer.step(inputs, labels, BATCH_SIZE, 0);
    const { numTensors, numDataBuffers } = tf.memory();
    for (let step = 1; step < 15; step++) trainer.step(inputs, labels, BATCH_SIZE, step);
    trainer.evaluate(inputs, labels, BATCH_SIZE);
    expect(tf.memory()).to.include({ numTensors, numDataBuffers });
    expect(trainer.step(inputs, labels, BATCH_SIZE, 15)).to.be.below(first);
    trainer.dispose();
    expect(tf.memory().numTensors).to.equal(before);
  });

  it("restores a checkpoint and repeats the step on the same backend", async () => {
    const model = await readLayersModel(tfjsOnly());
    const trainer = await tfjs.open(model, OPTIONS);
    trainer.load(initialParameters(model, seedOf(2)));
    const { inputs, labels } = batchOf(model, BATCH_SIZE, 1);
    trainer.step(inputs, labels, BATCH_SIZE, 0);
    const [parameters, state] = [trainer.parameters(), trainer.optimizerState()];
    trainer.step(inputs, labels, BATCH_SIZE, 1);
    const after = trainer.parameters();
    trainer.restore(parameters, state);
    trainer.step(inputs, labels, BATCH_SIZE, 1);
    expect(trainer.parameters()).to.deep.equal(after);
    trainer.dispose();
  });

  it("lists normalisation statistics among the parameters, with their own start", async () => {
    const model = await readLayersModel(tfjsOnly());
    const variance = model.parameters.find(({ name }) => name === "norm/moving_variance");
    expect(variance?.initializer).to.deep.equal({ kind: "constant", value: 1 });
    const last = model.parameters.at(-1);
    expect(model.parameterCount).to.equal((last?.offset ?? 0) + (last?.size ?? 0));
  });

  it("tells how a model that only tfjs can run ends", async () => {
    const elu = layer("ELU", "elu", { batch_input_shape: [null, 4] });
    const dense = (units: number, activation: string) =>
      layer("Dense", "output", { units, activation });
    const endings = [
      [[dense(3, "softmax")], { ending: "softmax", classes: 3, outputSize: 3 }],
      [[dense(1, "sigmoid")], { ending: "sigmoid", classes: 2, outputSize: 1 }],
      [[dense(1, "softmax")], { ending: "other", classes: 2, outputSize: 1 }],
      [[dense(3, "linear"), layer("Softmax", "last")], { ending: "softmax", classes: 3 }],
      // Its last operation is a product, whatever its activation.
      [
        [
          layer("Reshape", "steps", { target_shape: [2, 2] }),
          layer("LSTM", "lstm", { units: 3, activation: "softmax" }),
        ],
        { ending: "other", classes: 3 },
      ],
    ] as const;
    for (const [rest, expected] of endings) {
      const model = await readLayersModel(sequential(elu, ...rest));
      expect(model.exactRefusal).not.to.equal(null);
      expect(model).to.include(expected);
    }
  });

  it("refuses TOO_LARGE before tfjs allocates, losses that do not fit, and what tfjs cannot build", async () => {
    const wide = { batch_input_shape: [null, 90_000], units: 90_000, activation: "tanh" };
    const output = layer("Dense", "output", { units: 3, activation: "softmax" });
    const huge = sequential(layer("Dense", "wide", wide), output);
    await expectCodeAsync(() => readLayersModel(huge), "TOO_LARGE");
    const sigmoid = { batch_input_shape: [null, 4], units: 1, activation: "sigmoid" };
    const binary = await readLayersModel(sequential(layer("Dense", "output", sigmoid)));
    const misfit = await expectCodeAsync(() => tfjs.open(binary, OPTIONS), "BAD_HYPERPARAMETER");
    expect(misfit.remedy).to.include("binaryCrossentropy");
    const flat = { batch_input_shape: [null, 4], units: 3 };
    const mismatch = sequential(layer("LSTM", "lstm", flat), output);
    await expectCodeAsync(() => readLayersModel(mismatch), "BAD_CONFIG");
  });
});
