/**
 * The golden self-test: a few steps of a tiny model that touches every kernel must end in known bits.
 * A machine that fails it must not take audited work: its results would look like fraud.
 */

import type { Engine } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { initialParameters } from "../model/initializers.ts";
import { type LayersModel, parseLayersModel } from "../model/layers-model.ts";
import { Random, SEED_BYTES } from "../random.ts";
import { sha256Hex } from "./sha256.ts";

const STEPS = 3;
const BATCH_SIZE = 5;

/** SHA-256 of loss, parameters and momentum after the steps; part of the engine's definition. */
const GOLDEN_HASH = "bc201623409fc07edd2e130988753875518ac074e8ab8dccdcda98736d128d89";

/** @throws EngineError GOLDEN_MISMATCH */
export async function selfTest(engine: Engine): Promise<void> {
  const actual = await goldenHash(engine);
  if (actual === GOLDEN_HASH) return;
  throw new EngineError(
    "this machine computes other bits than the rest of the network",
    { code: "GOLDEN_MISMATCH", expected: GOLDEN_HASH, actual },
    { remedy: "update Node or the browser; report the CPU model if it stays" },
  );
}

/** What this machine computes, as hex. */
export async function goldenHash(engine: Engine): Promise<string> {
  const model = goldenModel();
  const trainer = await engine.open(model, {
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
    batchSize: BATCH_SIZE,
  });
  const random = new Random(new Uint8Array(SEED_BYTES).fill(7));
  const inputs = new Float32Array(BATCH_SIZE * model.inputSize);
  const labels = new Int32Array(BATCH_SIZE);
  trainer.load(initialParameters(model, new Uint8Array(SEED_BYTES).fill(1)));
  const results = [];
  for (let step = 0; step < STEPS; step++) {
    inputs.forEach((_, index) => {
      inputs[index] = random.uniform() - 0.25;
    });
    labels.forEach((_, index) => {
      labels[index] = random.below(model.classes);
    });
    // The last step is a batch tail.
    results.push(trainer.step(inputs, labels, BATCH_SIZE - Math.floor(step / 2), step));
  }
  const evaluation = trainer.evaluate(inputs, labels, BATCH_SIZE);
  const state = Float32Array.of(
    ...results,
    evaluation.lossSum,
    ...evaluation.confusion,
    ...trainer.parameters(),
    ...trainer.optimizerState(),
  );
  trainer.dispose();
  return sha256Hex(new Uint8Array(state.buffer));
}

function goldenModel(): LayersModel {
  const layer = (className: string, name: string, config: object): object => ({
    class_name: className,
    config: { name, ...config },
  });
  const layers = [
    layer("Conv2D", "conv1", {
      batch_input_shape: [null, 9, 8, 1],
      filters: 9,
      kernel_size: 3,
      strides: 1,
      padding: "same",
      activation: "relu",
    }),
    layer("MaxPooling2D", "pool1", { pool_size: 2, strides: 2, padding: "same" }),
    layer("Conv2D", "conv2", { filters: 4, kernel_size: 2, strides: 2, padding: "same" }),
    layer("Conv2D", "conv3", { filters: 6, kernel_size: 2, padding: "valid", use_bias: false }),
    layer("Activation", "relu3", { activation: "relu" }),
    layer("Flatten", "flatten", {}),
    layer("Dropout", "dropout", { rate: 0.25 }),
    layer("Dense", "hidden", { units: 11, activation: "relu" }),
    layer("Dense", "output", { units: 3, activation: "softmax" }),
  ];
  return parseLayersModel({ class_name: "Sequential", config: { name: "golden", layers } });
}
