/**
 * Baseline task 1, the work behind every rating: which model, which optimizer, how the state of a
 * lane begins. The numbers are consensus rules; changing one makes another task.
 */
import type { Checkpoint } from "../audit/checkpoint.ts";
import type { Engine, Trainer } from "../engine.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { type LayersModel, parseLayersModel } from "../model/layers-model.ts";

/** The version a chain's `baselineTask` parameter names. */
export const BASELINE_TASK = 1;
export const INPUT_SIZE = 64;
export const CLASSES = 10;
export const BATCH_SIZE = 32;
const HIDDEN_SIZE = 256;
/** Segments trained from one initialisation. */
export const SEGMENTS_PER_ROUND = 10;
/** 0.1 to 0.25 s on one core. */
export const STEPS_PER_SEGMENT = 250;

/** Plain SGD: a checkpoint is the parameters alone, 340 kB. */
export const HYPERPARAMETERS: Hyperparameters = {
  optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0 },
  batchSize: BATCH_SIZE,
};

/** MLP 64-256-256-10 with relu; chain/rating/baseline.ts counts its operations. */
export function baselineModel(): LayersModel {
  const dense = (name: string, units: number, activation: string, more: object = {}): object => ({
    class_name: "Dense",
    config: { name, units, activation, use_bias: true, ...more },
  });
  return parseLayersModel({
    class_name: "Sequential",
    config: {
      name: "baseline-1",
      layers: [
        dense("hidden1", HIDDEN_SIZE, "relu", { batch_input_shape: [null, INPUT_SIZE] }),
        dense("hidden2", HIDDEN_SIZE, "relu"),
        dense("output", CLASSES, "softmax"),
      ],
    },
  });
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
