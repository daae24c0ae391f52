import { createHash } from "node:crypto";
import { expect } from "chai";
import type { Engine, Trainer } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import type { Hyperparameters } from "../../../ml/hyperparameters.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { type LayersModel, parseLayersModel } from "../../../ml/model/layers-model.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import {
  BEYOND_TFJS,
  batchOf,
  dropoutModel,
  layer,
  seedOf,
  sequential,
  TEST_MODELS,
} from "../../helpers/models.ts";

const BATCH_SIZE = 10;

function hyperparameters(momentum: number, learningRate = 0.1): Hyperparameters {
  return { optimizer: { kind: "sgd", learningRate, momentum }, batchSize: BATCH_SIZE };
}

function hashOf(values: Float32Array): string {
  return createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");
}

describe("exact engine", () => {
  let engine: Engine;
  before(async () => {
    engine = await createExactEngine();
  });

  async function opened(model: LayersModel, momentum = 0.9, rate = 0.1): Promise<Trainer> {
    const trainer = await engine.open(model, hyperparameters(momentum, rate));
    trainer.load(initialParameters(model, seedOf(3)));
    return trainer;
  }

  it("is named by the hash of its kernels", () => {
    expect(engine.name).to.equal("exact");
    expect(engine.version).to.equal(ENGINE_HASH.slice(0, 16));
  });

  const models = { ...TEST_MODELS, ...BEYOND_TFJS, dropout: dropoutModel };
  for (const [name, modelOf] of Object.entries(models)) {
    it(`has gradients that agree with finite differences: ${name}`, async () => {
      const model = modelOf();
      const { inputs, labels } = batchOf(model, 6, 1);
      const start = initialParameters(model, seedOf(3));
      const trainer = await opened(model, 0, 1);
      trainer.step(inputs, labels, 6, 0);
      const after = trainer.parameters();
      const lossAt = (index: number, shift: number): number => {
        const moved = start.slice();
        moved[index] = (moved[index] ?? 0) + shift;
        trainer.load(moved);
        return trainer.step(inputs, labels, 6, 0);
      };
      // Relu and max are not smooth everywhere, so a few of the differences may straddle a kink.
      let agreeing = 0;
      const checked = Math.min(60, start.length);
      for (let probe = 0; probe < checked; probe++) {
        const index = Math.floor((probe * start.length) / checked);
        const gradient = (start[index] ?? 0) - (after[index] ?? 0);
        const difference = (lossAt(index, 2e-3) - lossAt(index, -2e-3)) / 4e-3;
        if (Math.abs(gradient - difference) < 2e-3 + 0.02 * Math.abs(gradient)) agreeing++;
      }
      expect(agreeing).to.be.at.least(Math.ceil(checked * 0.95));
    });
  }

  it("computes a dense softmax step as worked out by hand", async () => {
    const model = parseLayersModel(
      sequential(
        layer("Dense", "output", { batch_input_shape: [null, 2], units: 2, activation: "softmax" }),
      ),
    );
    const trainer = await engine.open(model, hyperparameters(0.5, 0.5));
    // Kernel [[1, 0], [0, 1]], no bias: inputs [0, 0] give equal logits.
    trainer.load(Float32Array.of(1, 0, 0, 1, 0, 0));
    const loss = trainer.step(Float32Array.of(0, 0), Int32Array.of(0), 1, 0);
    expect(loss).to.be.closeTo(Math.LN2, 1e-7);
    // p - y = [-1/2, 1/2]; the inputs are zero, so only the bias moves, by rate 1/2.
    expect([...trainer.parameters()]).to.deep.equal([1, 0, 0, 1, 0.25, -0.25]);
    expect([...trainer.optimizerState()]).to.deep.equal([0, 0, 0, 0, -0.5, 0.5]);
    // Logits differ by ln 3 now: p = [3/4, 1/4] for label 0.
    trainer.load(Float32Array.of(1, 0, 0, 1, Math.log(3), 0));
    trainer.step(Float32Array.of(0, 0), Int32Array.of(1), 1, 0);
    const [, , , , up = 0, down = 0] = trainer.optimizerState();
    expect(up).to.be.closeTo(0.75, 1e-6);
    expect(down).to.be.closeTo(-0.75, 1e-6);
  });

  it("convolves and pools as worked out by hand", async () => {
    const model = parseLayersModel(
      sequential(
        layer("Conv2D", "conv", {
          batch_input_shape: [null, 3, 3, 1],
          filters: 1,
          kernel_size: 2,
          activation: "relu",
        }),
        layer("MaxPooling2D", "pool", { pool_size: 2 }),
        layer("Flatten", "flatten"),
        layer("Dense", "output", { units: 2, activation: "softmax" }),
      ),
    );
    const trainer = await engine.open(model, hyperparameters(0, 1));
    // conv kernel [[1, 2], [3, 4]] bias -1; output kernel [[1, 0]], biases 0.
    trainer.load(Float32Array.of(1, 2, 3, 4, -1, 1, 0, 0, 0));
    const image = Float32Array.of(0, 0, 0, 0, 0.5, 0, 0, 0, 0);
    // Windows see 0.5 under 4, 3, 2 and 1: outputs 1, 0.5, 0 and relu(-0.5) = 0; the pool keeps 1.
    const [left = 0, right = 0] = trainer.predict(image, 1);
    expect(left / right).to.be.closeTo(Math.E, 1e-5);
    trainer.step(image, Int32Array.of(0), 1, 0);
    // Only the winner's window learns: d = p0 - 1, times the 0.5 under its last tap.
    const d = left - 1;
    const [a, b, c, e = 0, bias = 0] = trainer.parameters();
    expect([a, b, c]).to.deep.equal([1, 2, 3]);
    expect(e).to.be.closeTo(4 - 0.5 * d, 1e-6);
    expect(bias).to.be.closeTo(-1 - d, 1e-6);
  });

  it("gives the first maximum the gradient when several tie", async () => {
    const model = parseLayersModel(
      sequential(
        layer("Conv2D", "conv", {
          batch_input_shape: [null, 2, 2, 1],
          filters: 1,
          kernel_size: 2,
          padding: "same",
          use_bias: false,
        }),
        layer("MaxPooling2D", "pool", { pool_size: 2 }),
        layer("Flatten", "flatten"),
        layer("Dense", "output", { units: 2, activation: "softmax" }),
      ),
    );
    const trainer = await engine.open(model, hyperparameters(0, 1));
    // A zero kernel: all four positions tie at 0. The first window sees the whole image.
    trainer.load(Float32Array.of(0, 0, 0, 0, 1, 0, 0, 0));
    trainer.step(Float32Array.of(1, 2, 3, 4), Int32Array.of(0), 1, 0);
    expect([...trainer.parameters().subarray(0, 4)]).to.deep.equal([0.5, 1, 1.5, 2]);
  });

  it("drops about the declared share of values and keeps the mean", async () => {
    const model = parseLayersModel(
      sequential(
        layer("Dropout", "drop", { batch_input_shape: [null, 20_000], rate: 0.3 }),
        layer("Dense", "output", { units: 2, activation: "softmax", use_bias: false }),
      ),
    );
    const trainer = await engine.open(model, hyperparameters(0, 1));
    trainer.load(new Float32Array(model.parameterCount));
    trainer.step(new Float32Array(20_000).fill(1), Int32Array.of(0), 1, 5);
    // With equal logits each kept input of 1 / 0.7 moves its weight by half of that.
    const moved = trainer.parameters().filter((_, index) => index % 2 === 0);
    const kept = moved.filter((value) => value !== 0);
    expect(kept.length / 20_000).to.be.closeTo(0.7, 0.01);
    expect(kept.every((value) => Math.abs(value - 0.5 / 0.7) < 1e-6)).to.equal(true);
  });

  it("repeats a run bit by bit, also from a checkpoint in its middle", async () => {
    const model = dropoutModel();
    const run = (trainer: Trainer, from: number): string => {
      for (let step = from; step < 8; step++) {
        const { inputs, labels } = batchOf(model, BATCH_SIZE, step);
        trainer.step(inputs, labels, BATCH_SIZE, step);
      }
      return hashOf(trainer.parameters());
    };
    const whole = run(await opened(model), 0);
    const second = await opened(model);
    for (let step = 0; step < 4; step++) {
      const { inputs, labels } = batchOf(model, BATCH_SIZE, step);
      second.step(inputs, labels, BATCH_SIZE, step);
    }
    const resumed = await engine.open(model, hyperparameters(0.9));
    resumed.restore(second.parameters(), second.optimizerState());
    expect(run(resumed, 4)).to.equal(whole);
    expect(run(await opened(model), 0)).to.equal(whole);
  });

  it("evaluates any number of samples in sample order, as the predictions say", async () => {
    const model = dropoutModel();
    const trainer = await opened(model);
    const { inputs, labels } = batchOf(model, 23, 4);
    const { lossSum, samples, confusion } = trainer.evaluate(inputs, labels, 23);
    const outputs = trainer.predict(inputs, 23);
    const expected = new Uint32Array(9);
    let loss = 0;
    for (let sample = 0; sample < 23; sample++) {
      const row = [...outputs.subarray(sample * 3, sample * 3 + 3)];
      expect(row.reduce((sum, p) => sum + p)).to.be.closeTo(1, 1e-6);
      const label = labels[sample] ?? 0;
      loss -= Math.log(row[label] ?? 0);
      const cell = label * 3 + row.indexOf(Math.max(...row));
      expected[cell] = (expected[cell] ?? 0) + 1;
    }
    expect(samples).to.equal(23);
    expect(lossSum).to.be.closeTo(loss, 1e-5);
    expect(confusion).to.deep.equal(expected);
  });

  it("evaluates to the same bits whatever the batch size", async () => {
    const model = dropoutModel();
    const { inputs, labels } = batchOf(model, 23, 4);
    const evaluations = [];
    for (const batchSize of [1, 4, 23, 64]) {
      const trainer = await engine.open(model, { ...hyperparameters(0), batchSize });
      trainer.load(initialParameters(model, seedOf(3)));
      evaluations.push(trainer.evaluate(inputs, labels, 23));
    }
    for (const evaluation of evaluations) expect(evaluation).to.deep.equal(evaluations[0]);
  });

  it("shows divergence as a loss that is not finite", async () => {
    const model = TEST_MODELS.dense?.() ?? expect.fail();
    const trainer = await opened(model);
    trainer.load(new Float32Array(model.parameterCount).fill(Number.NaN));
    const { inputs, labels } = batchOf(model, BATCH_SIZE, 0);
    expect(trainer.step(inputs, labels, BATCH_SIZE, 0)).to.be.NaN;
  });

  it("refuses BAD_LABEL, wrong lengths and use after disposal", async () => {
    const model = TEST_MODELS.dense?.() ?? expect.fail();
    const trainer = await opened(model);
    const { inputs, labels } = batchOf(model, BATCH_SIZE, 0);
    await expectCodeAsync(async () => trainer.step(inputs, Int32Array.of(3), 1, 0), "BAD_LABEL");
    expect(() => trainer.step(inputs, labels, BATCH_SIZE + 1, 0)).to.throw(RangeError, "count");
    expect(() => trainer.step(inputs.subarray(1), labels, BATCH_SIZE, 0)).to.throw(RangeError);
    expect(() => trainer.load(new Float32Array(3))).to.throw(RangeError, "parameters");
    trainer.dispose();
    expect(() => trainer.parameters()).to.throw(TypeError, "disposed");
  });

  it("refuses bad hyper-parameters and losses that the model does not end in", async () => {
    const model = dropoutModel();
    const cases = [
      [hyperparameters(1), "optimizer.momentum"],
      [{ ...hyperparameters(0), loss: "binaryCrossentropy" }, "ends in a sigmoid"],
    ] as const;
    for (const [options, reason] of cases) {
      const error = await expectCodeAsync(() => engine.open(model, options), "BAD_HYPERPARAMETER");
      expect(error.message).to.include(reason);
    }
    const linear = parseLayersModel(
      sequential(layer("Dense", "output", { batch_input_shape: [null, 2], units: 2 })),
    );
    const options = hyperparameters(0);
    const error = await expectCodeAsync(() => engine.open(linear, options), "BAD_HYPERPARAMETER");
    expect(error.remedy).to.include("meanSquaredError");
    const trainer = await engine.open(linear, { ...options, loss: "meanSquaredError" });
    trainer.dispose();
  });

  it("refuses TOO_LARGE before it takes the memory", async () => {
    const model = parseLayersModel(
      sequential(
        layer("Conv2D", "conv", {
          batch_input_shape: [null, 500, 500, 3],
          filters: 64,
          kernel_size: 3,
        }),
        layer("Flatten", "flatten"),
        layer("Dense", "output", { units: 2, activation: "softmax" }),
      ),
    );
    const options = { ...hyperparameters(0), batchSize: 128 };
    await expectCodeAsync(() => engine.open(model, options), "TOO_LARGE");
  });
});
