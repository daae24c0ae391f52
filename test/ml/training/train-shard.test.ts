import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { replayTraining } from "../../../ml/audit/replay.ts";
import type { Trainer } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import type { Optimizer } from "../../../ml/hyperparameters.ts";
import { metricsOf } from "../../../ml/metrics.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../../ml/training/checkpoint.ts";
import { evaluateShard } from "../../../ml/training/evaluate.ts";
import { TrainingPlan } from "../../../ml/training/plan.ts";
import {
  type TrainOptions,
  type TrainParts,
  type TrainProgress,
  type TrainResult,
  trainShard,
} from "../../../ml/training/train-shard.ts";
import { blobs } from "../../helpers/blobs.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { layer, sequential } from "../../helpers/models.ts";
import { tinyTrainer } from "../../helpers/tiny-trainer.ts";

const SMALL_CNN = {
  class_name: "Sequential",
  config: {
    name: "small-cnn",
    layers: [
      {
        class_name: "Conv2D",
        config: {
          name: "conv",
          filters: 4,
          kernel_size: [3, 3],
          padding: "same",
          activation: "relu",
          batch_input_shape: [null, 6, 6, 1],
        },
      },
      { class_name: "BatchNormalization", config: { name: "norm" } },
      { class_name: "MaxPooling2D", config: { name: "pool", pool_size: [2, 2] } },
      { class_name: "Flatten", config: { name: "flatten" } },
      { class_name: "Dropout", config: { name: "dropout", rate: 0.25 } },
      { class_name: "Dense", config: { name: "output", units: 3, activation: "softmax" } },
    ],
  },
};

const OPTIONS: TrainOptions = {
  parameters: new Float32Array(15),
  epochs: 3,
  batchSize: 8,
  seed: new Uint8Array(32).fill(5),
};

function parts(): TrainParts {
  let time = 0;
  return {
    trainer: tinyTrainer({ inputSize: 4, classes: 3 }),
    shard: blobs(100),
    clock: { now: () => time++ },
  };
}

async function train(
  options: Partial<TrainOptions> = {},
  given: Partial<TrainParts> = {},
): Promise<{ progress: TrainProgress[]; result: TrainResult }> {
  const run = trainShard({ ...OPTIONS, ...options }, { ...parts(), ...given });
  const progress: TrainProgress[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { progress, result: next.value };
    progress.push(next.value);
  }
}

describe("trainShard", () => {
  it("goes over all rows in each epoch, reports every step, and learns", async () => {
    const given = parts();
    const { progress, result } = await train({}, given);
    expect(progress).to.have.lengthOf(39);
    expect(progress.at(-1)).to.deep.include({ step: 39, steps: 39, epoch: 2, samples: 300 });
    expect(result).to.deep.include({ steps: 39, samples: 300, durationMs: 1 });
    expect(result.checkpoints).to.have.lengthOf(17);
    const { accuracy } = metricsOf(await evaluateShard(given.trainer, blobs(600, { seed: 9 })));
    expect(accuracy).to.be.above(900_000);
    expect(result.meanLoss).to.be.below(progress[0]?.loss ?? 0);
  });

  it("gives the same bits twice and others for another seed", async () => {
    const hashes = async (seed: number): Promise<string[]> => {
      const { result } = await train({ seed: new Uint8Array(32).fill(seed) });
      return result.checkpoints.map(toHex);
    };
    const first = await hashes(5);
    expect(await hashes(5)).to.deep.equal(first);
    const other = await hashes(6);
    expect(other[0]).to.equal(first[0]);
    expect(other[1]).not.to.equal(first[1]);
  });

  it("makes fewer segments than asked when there are fewer steps", async () => {
    const { result } = await train({ epochs: 1, batchSize: 50 });
    expect(result.checkpoints).to.have.lengthOf(3);
  });

  it("stops with the signal's reason", async () => {
    const controller = new AbortController();
    const run = trainShard(OPTIONS, { ...parts(), signal: controller.signal });
    await run.next();
    controller.abort(new Error("the owner needs the machine"));
    let reason = "";
    try {
      await run.next();
    } catch (error) {
      reason = error instanceof Error ? error.message : "";
    }
    expect(reason).to.equal("the owner needs the machine");
  });

  it("lets the event loop run between steps", async () => {
    let beats = 0;
    const beat = setInterval(() => beats++, 0);
    await train({ epochs: 100 });
    clearInterval(beat);
    expect(beats).to.be.above(0);
  });

  it("refuses DIVERGED with the step", async () => {
    const trainer = tinyTrainer({ inputSize: 4, classes: 3, learningRate: 1e38 });
    const error = await expectCodeAsync(() => train({}, { trainer }), "DIVERGED");
    expect(error.remedy).to.include("learning rate");
  });
});

describe("replayTraining", () => {
  it("reaches the participant's own checkpoint in every segment", async () => {
    const kept: Checkpoint[] = [];
    const { result } = await train({}, { onCheckpoint: (_, state) => kept.push(state) });
    const committed = result.checkpoints.map(toHex);
    for (const [segment, start] of kept.slice(0, -1).entries()) {
      const served = decodeCheckpoint(encodeCheckpoint(start), 15);
      const options = { ...OPTIONS, segment, start: served };
      const replay = await replayTraining(options, parts());
      expect(toHex(replay.origin)).to.equal(committed[0]);
      expect(toHex(replay.start)).to.equal(committed[segment]);
      expect(toHex(replay.end)).to.equal(committed[segment + 1]);
    }
  });

  it("reaches another hash when a single bit of the start or one option differs", async () => {
    const kept: Checkpoint[] = [];
    const { result } = await train({}, { onCheckpoint: (_, state) => kept.push(state) });
    const [, start] = kept;
    const [, , end] = result.checkpoints;
    if (start === undefined || end === undefined) return expect.fail();
    const changed = { ...start, parameters: start.parameters.slice() };
    new Uint8Array(changed.parameters.buffer)[0] = 1;
    const replay = async (options: object): Promise<string> =>
      toHex((await replayTraining({ ...OPTIONS, segment: 1, start, ...options }, parts())).end);
    expect(await replay({})).to.equal(toHex(end));
    expect(await replay({ start: changed })).not.to.equal(toHex(end));
    expect(await replay({ batchSize: 7 })).not.to.equal(toHex(end));
    expect(await replay({ seed: new Uint8Array(32) })).not.to.equal(toHex(end));
  });
});

describe("replayTraining on the exact engine", () => {
  const optimizers: readonly Optimizer[] = [
    { kind: "sgd", learningRate: 0.05, momentum: 0 },
    { kind: "sgd", learningRate: 0.05, momentum: 0.9, weightDecay: 0.01 },
    { kind: "adam", learningRate: 0.01, clipNorm: 0.5 },
    { kind: "adagrad", learningRate: 0.05, clipValue: 0.1 },
  ];
  for (const optimizer of optimizers) {
    it(`reaches the same bits with statistics, dropout and a short last batch: ${JSON.stringify(optimizer)}`, async () => {
      const engine = await createExactEngine();
      const model = parseLayersModel(SMALL_CNN);
      const open = (): Promise<Trainer> =>
        engine.open(model, { optimizer, batchSize: OPTIONS.batchSize });
      const shard = blobs(45, { rowSize: 36 });
      const options = { ...OPTIONS, segments: 4 };
      const parameters = initialParameters(model, OPTIONS.seed);
      const kept: Uint8Array[] = [];
      const { result } = await train(
        { ...options, parameters },
        {
          trainer: await open(),
          shard,
          onCheckpoint: (_, state) => kept.push(encodeCheckpoint(state)),
        },
      );
      const replayed: string[] = [];
      for (const [segment, bytes] of kept.slice(0, -1).entries()) {
        const start = decodeCheckpoint(bytes, model.parameterCount);
        const parts = { trainer: await open(), shard };
        const { end } = await replayTraining({ ...options, parameters, segment, start }, parts);
        replayed.push(toHex(end));
      }
      expect(replayed).to.deep.equal(result.checkpoints.slice(1).map(toHex));
    });
  }
});

describe("a run whose loss stays finite", () => {
  /** Outputs of about 1e20: their squares fit the loss, not what adagrad remembers. */
  const parameters = Float32Array.of(1e20, 1e20, 0, 0, 0);
  const model = parseLayersModel(
    sequential(layer("Dense", "output", { batch_input_shape: [null, 4], units: 1 })),
  );
  const shard = blobs(45, { classes: 2 });
  const options = { ...OPTIONS, parameters, epochs: 1, segments: 2 };
  const open = async (optimizer: Optimizer): Promise<Trainer> =>
    (await createExactEngine()).open(model, { optimizer, batchSize: 8, loss: "meanSquaredError" });
  const sgd: Optimizer = { kind: "sgd", learningRate: 1e-6, momentum: 0.9 };
  const adagrad: Optimizer = { kind: "adagrad", learningRate: 1e-6 };

  it("is DIVERGED before it commits to a state that nobody could serve", async () => {
    const { result } = await train(options, { trainer: await open(sgd), shard });
    expect(result.meanLoss).to.be.above(1e38);
    const run = train(options, { trainer: await open(adagrad), shard });
    const error = await expectCodeAsync(() => run, "DIVERGED");
    expect(error.message).to.include("not finite");
  });

  it("is also DIVERGED in a replay", async () => {
    const replay = { trainer: await open(adagrad), shard };
    const run = replayTraining({ ...options, segment: 0, start: undefined }, replay);
    await expectCodeAsync(() => run, "DIVERGED");
  });
});

describe("TrainingPlan", () => {
  it("covers every row once per epoch in an order of its own", () => {
    const plan = new TrainingPlan({ ...OPTIONS, rows: 100 });
    const epochs = [0, 1].map((epoch) =>
      Array.from({ length: 13 }, (_, i) => [...plan.batch(epoch * 13 + i)]).flat(),
    );
    for (const rows of epochs) expect(new Set(rows).size).to.equal(100);
    expect(epochs[0]).not.to.deep.equal(epochs[1]);
    expect(plan.batch(12)).to.have.lengthOf(4);
  });

  it("refuses counts that are not positive integers", () => {
    for (const change of [{ rows: 0 }, { epochs: 1.5 }, { batchSize: -1 }, { segments: 0 }]) {
      expect(() => new TrainingPlan({ ...OPTIONS, rows: 100, ...change })).to.throw(RangeError);
    }
  });
});
