/** Small models, and batches drawn from a seed, for the tests of both engines. */

import { type LayersModel, parseLayersModel } from "../../ml/model/layers-model.ts";
import { Random, SEED_BYTES } from "../../ml/random.ts";

export interface LayerJson {
  readonly class_name: string;
  readonly config: { readonly name: string } & Readonly<Record<string, unknown>>;
}

export function layer(className: string, name: string, config: object = {}): LayerJson {
  return { class_name: className, config: { name, ...config } };
}

export function sequential(...layers: readonly LayerJson[]): object {
  return { class_name: "Sequential", config: { name: "test", layers } };
}

export function seedOf(byte: number): Uint8Array {
  return new Uint8Array(SEED_BYTES).fill(byte);
}

const softmax = (units: number): LayerJson =>
  layer("Dense", "output", { units, activation: "softmax" });

/** Between them: every layer, odd sizes, strides, both paddings, overlapping pools, no bias. */
export const TEST_MODELS: Readonly<Record<string, () => LayersModel>> = {
  dense: () =>
    parseLayersModel(
      sequential(
        layer("Dense", "first", { batch_input_shape: [null, 7], units: 11, activation: "relu" }),
        layer("Dense", "second", { units: 9, use_bias: false }),
        softmax(3),
      ),
    ),
  "one-channel convolutions": () =>
    parseLayersModel(
      sequential(
        layer("Conv2D", "conv1", {
          batch_input_shape: [null, 9, 8, 1],
          filters: 9,
          kernel_size: 3,
          padding: "same",
          activation: "relu",
        }),
        layer("MaxPooling2D", "pool1", { pool_size: 2, padding: "same" }),
        layer("Conv2D", "conv2", { filters: 4, kernel_size: 2, strides: 2, padding: "same" }),
        layer("Conv2D", "conv3", { filters: 6, kernel_size: 2, use_bias: false }),
        layer("Activation", "relu3", { activation: "relu" }),
        layer("Flatten", "flatten"),
        layer("Dense", "hidden", { units: 11, activation: "relu" }),
        softmax(3),
      ),
    ),
  "strided convolutions": () =>
    parseLayersModel(
      sequential(
        layer("Conv2D", "conv1", {
          batch_input_shape: [null, 7, 7, 4],
          filters: 8,
          kernel_size: 3,
          strides: [2, 1],
          padding: "same",
          activation: "relu",
        }),
        layer("MaxPooling2D", "pool1", { pool_size: 3, strides: 2, padding: "same" }),
        layer("Conv2D", "conv2", { filters: 5, kernel_size: [1, 2] }),
        layer("ReLU", "relu2"),
        layer("MaxPooling2D", "pool2", { pool_size: 2, strides: 1 }),
        layer("Flatten", "flatten"),
        layer("Dense", "output", { units: 10 }),
        layer("Softmax", "softmax"),
      ),
    ),
  "pool before weights": () =>
    parseLayersModel(
      sequential(
        layer("MaxPooling2D", "pool", { batch_input_shape: [null, 5, 5, 3], pool_size: 2 }),
        layer("Conv2D", "conv", { filters: 3, kernel_size: 2, strides: 2, activation: "relu" }),
        layer("Flatten", "flatten"),
        softmax(4),
      ),
    ),
};

/** A model with dropout at its start, between convolutions and before the output. */
export function dropoutModel(): LayersModel {
  return parseLayersModel(
    sequential(
      layer("Dropout", "drop0", { batch_input_shape: [null, 6, 6, 2], rate: 0.1 }),
      layer("Conv2D", "conv", { filters: 5, kernel_size: 3, activation: "relu" }),
      layer("MaxPooling2D", "pool", { pool_size: 2 }),
      layer("Dropout", "drop1", { rate: 0.25 }),
      layer("Flatten", "flatten"),
      layer("Dense", "hidden", { units: 10, activation: "relu" }),
      layer("Dropout", "drop2", { rate: 0.5 }),
      softmax(3),
    ),
  );
}

export interface Batch {
  readonly inputs: Float32Array;
  readonly labels: Int32Array;
}

/** Inputs in [-0.5, 0.5). */
export function batchOf(model: LayersModel, count: number, seed: number): Batch {
  const random = new Random(seedOf(seed));
  return {
    inputs: Float32Array.from({ length: count * model.inputSize }, () => random.uniform() - 0.5),
    labels: Int32Array.from({ length: count }, () => random.below(model.classes)),
  };
}
