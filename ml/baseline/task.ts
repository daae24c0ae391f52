/**
 * The baseline tasks, with which every rating is measured: the model, the optimizer, and the first state of a lane.
 * These numbers are consensus rules: a change of one makes another task, and the nodes vote on when to change to
 * another.
 */

import type { Engine, Trainer } from "../engine.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { type LayersModel, parseLayersModel } from "../model/layers-model.ts";
import type { Checkpoint } from "../training/checkpoint.ts";

/** The task where no chain names one. */
export const DEFAULT_TASK = 1;
export const INPUT_SIZE = 64;
export const CLASSES = 10;
export const BATCH_SIZE = 32;
const HIDDEN_SIZE = 256;
/** Segments that continue one initialisation. */
export const SEGMENTS_PER_ROUND = 10;
/** 0.1 to 0.25 s on one core. */
export const STEPS_PER_SEGMENT = 250;

/** Plain SGD: a checkpoint is the parameters alone, at most 340 kB. */
const HYPERPARAMETERS: Hyperparameters = {
  optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0 },
  batchSize: BATCH_SIZE,
};

const dense = (name: string, units: number, activation: string, more: object = {}): object => ({
  class_name: "Dense",
  config: { name, units, activation, use_bias: true, ...more },
});

const conv = (name: string, more: object = {}): object => ({
  class_name: "Conv2D",
  config: {
    name,
    filters: 16,
    kernel_size: [3, 3],
    padding: "same",
    activation: "relu",
    use_bias: true,
    ...more,
  },
});

/** MLP 64-256-256-10 with relu. */
const MLP: readonly object[] = [
  dense("hidden1", HIDDEN_SIZE, "relu", { batch_input_shape: [null, INPUT_SIZE] }),
  dense("hidden2", HIDDEN_SIZE, "relu"),
  dense("output", CLASSES, "softmax"),
];

/** Two 3x3 convolutions of 16 filters over 8x8, a pooling, dense 64 and 10. */
const CNN: readonly object[] = [
  conv("conv1", { batch_input_shape: [null, 8, 8, 1] }),
  conv("conv2"),
  { class_name: "MaxPooling2D", config: { name: "pool", pool_size: [2, 2], strides: [2, 2] } },
  { class_name: "Flatten", config: { name: "flat" } },
  dense("hidden", 64, "relu"),
  dense("output", CLASSES, "softmax"),
];

/** By version from 1; chain/rating/baseline.ts counts their operations. Append only. */
const TASKS: readonly (readonly object[])[] = [MLP, CNN];

/**
 * @param task version, as the chain's `baselineTask` parameter names it
 * @throws RangeError for a version this program does not have
 */
export function baselineModel(task: number): LayersModel {
  const layers = TASKS[task - 1];
  if (layers === undefined) throw new RangeError(`no baseline task ${task}`);
  const config = { name: `baseline-${task}`, layers };
  return parseLayersModel({ class_name: "Sequential", config });
}

/** @returns a trainer of the task; the caller disposes of it */
export function openBaseline(engine: Engine, model: LayersModel): Promise<Trainer> {
  return engine.open(model, HYPERPARAMETERS);
}

/** What every lane starts from: all zero. The first round draws its weights from the seed. */
export function zeroState(trainer: Trainer): Checkpoint {
  trainer.load(new Float32Array(trainer.parameterCount));
  return { parameters: trainer.parameters(), optimizerState: trainer.optimizerState() };
}
