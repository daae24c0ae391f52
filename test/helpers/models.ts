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

const parse = (...layers: readonly LayerJson[]): LayersModel =>
  parseLayersModel(sequential(...layers));

/**
 * One layer of a graph with its inputs: `[layer("Dense", "a", …), "input"]`.
 * @param nodes the first is the input layer, the last the output
 */
export function graph(...nodes: readonly (readonly [LayerJson, ...string[]])[]): object {
  const layers = nodes.map(([json, ...inputs]) => ({
    ...json,
    name: json.config.name,
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((name) => [name, 0, 0, {}])],
  }));
  return {
    class_name: "Model",
    config: {
      name: "test",
      layers,
      input_layers: [[layers[0]?.name, 0, 0]],
      output_layers: [[layers.at(-1)?.name, 0, 0]],
    },
  };
}

/** Small models that between them have every layer, odd sizes, strides, both paddings and no bias. */
export const TEST_MODELS: Readonly<Record<string, () => LayersModel>> = {
  dense: () =>
    parse(
      layer("Dense", "first", { batch_input_shape: [null, 7], units: 11, activation: "relu" }),
      layer("Dense", "second", { units: 9, use_bias: false }),
      softmax(3),
    ),
  "one-channel convolutions": () =>
    parse(
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
  "strided convolutions": () =>
    parse(
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
  "pool before weights": () =>
    parse(
      layer("MaxPooling2D", "pool", { batch_input_shape: [null, 5, 5, 3], pool_size: 2 }),
      layer("Conv2D", "conv", { filters: 3, kernel_size: 2, strides: 2, activation: "relu" }),
      layer("Flatten", "flatten"),
      softmax(4),
    ),
  "depthwise and separable convolutions": () =>
    parse(
      layer("DepthwiseConv2D", "depthwise", {
        batch_input_shape: [null, 7, 6, 3],
        kernel_size: 3,
        depth_multiplier: 2,
        padding: "same",
        strides: 2,
        activation: "relu",
      }),
      layer("SeparableConv2D", "separable", {
        filters: 5,
        kernel_size: 2,
        padding: "same",
        activation: "relu",
      }),
      layer("DepthwiseConv2D", "last", { kernel_size: [2, 3], use_bias: false }),
      layer("Flatten", "flatten"),
      softmax(3),
    ),
  "average and global pooling": () =>
    parse(
      layer("AveragePooling2D", "pool1", {
        batch_input_shape: [null, 8, 9, 2],
        pool_size: 2,
        strides: 1,
      }),
      layer("Conv2D", "conv1", { filters: 6, kernel_size: 2, activation: "relu" }),
      layer("AveragePooling2D", "pool2", { pool_size: 3, strides: 2 }),
      layer("Conv2D", "conv2", { filters: 7, kernel_size: 2, padding: "same" }),
      layer("GlobalAveragePooling2D", "pool3"),
      softmax(3),
    ),
  "global maximum": () =>
    parse(
      layer("Conv2D", "conv", {
        batch_input_shape: [null, 5, 5, 2],
        filters: 6,
        kernel_size: 2,
        activation: "tanh",
      }),
      layer("GlobalMaxPooling2D", "pool"),
      softmax(3),
    ),
  activations: () =>
    parse(
      layer("Dense", "first", { batch_input_shape: [null, 7], units: 9, activation: "sigmoid" }),
      layer("Dense", "second", { units: 9, activation: "gelu" }),
      layer("Dense", "third", { units: 10, activation: "tanh" }),
      layer("Dense", "fourth", { units: 7 }),
      layer("LeakyReLU", "leaky", { alpha: 0.2 }),
      layer("Dense", "fifth", { units: 8, activation: "hardSigmoid" }),
      layer("Dense", "sixth", { units: 6, activation: "gelu" }),
      layer("Dense", "seventh", { units: 5, activation: "softmax" }),
      softmax(3),
    ),
  "batch normalisation": () =>
    parse(
      layer("Conv2D", "conv", { batch_input_shape: [null, 5, 5, 2], filters: 9, kernel_size: 2 }),
      layer("BatchNormalization", "norm1", { momentum: 0.9 }),
      layer("Activation", "relu", { activation: "relu" }),
      layer("Flatten", "flatten"),
      layer("Dense", "hidden", { units: 6, use_bias: false }),
      layer("BatchNormalization", "norm2"),
      layer("ReLU", "relu2"),
      softmax(3),
    ),
  "layer normalisation": () =>
    parse(
      layer("Dense", "first", { batch_input_shape: [null, 4, 5], units: 7, activation: "relu" }),
      layer("LayerNormalization", "norm1"),
      layer("Dense", "second", { units: 6 }),
      layer("LayerNormalization", "norm2", { epsilon: 0.1 }),
      layer("Flatten", "flatten"),
      layer("LayerNormalization", "norm3"),
      softmax(3),
    ),
  "embedding and 1-D windows": () =>
    parse(
      layer("Embedding", "embedding", {
        batch_input_shape: [null, 10],
        input_dim: 6,
        output_dim: 5,
        embeddings_initializer: "glorotUniform",
      }),
      layer("Conv1D", "conv", { filters: 6, kernel_size: 3, padding: "same", activation: "relu" }),
      layer("MaxPooling1D", "pool1", { pool_size: 2 }),
      layer("AveragePooling1D", "pool2", { pool_size: 2, strides: 1 }),
      layer("GlobalAveragePooling1D", "pool3"),
      softmax(3),
    ),
  "simple recurrent": () =>
    parse(
      layer("SimpleRNN", "first", {
        batch_input_shape: [null, 4, 3],
        units: 5,
        return_sequences: true,
      }),
      layer("SimpleRNN", "second", { units: 6, activation: "relu", use_bias: false }),
      softmax(3),
    ),
  gru: () =>
    parse(
      layer("GRU", "first", { batch_input_shape: [null, 4, 3], units: 5, return_sequences: true }),
      layer("GRU", "second", { units: 6, recurrent_activation: "sigmoid", use_bias: false }),
      softmax(3),
    ),
  lstm: () =>
    parse(
      layer("Embedding", "embedding", {
        batch_input_shape: [null, 4],
        input_dim: 6,
        output_dim: 3,
        embeddings_initializer: "glorotUniform",
      }),
      layer("LSTM", "first", { units: 5, return_sequences: true, unit_forget_bias: true }),
      layer("LSTM", "second", { units: 6, recurrent_activation: "sigmoid", use_bias: false }),
      softmax(3),
    ),
  "graph of sums and concatenations": () =>
    parseLayersModel(
      graph(
        [layer("InputLayer", "input", { batch_input_shape: [null, 6, 6, 2] })],
        // Two ways on from one output, which meet again.
        [layer("Conv2D", "stem", { filters: 4, kernel_size: 3, activation: "relu" }), "input"],
        [layer("Conv2D", "left", { filters: 4, kernel_size: 3, padding: "same" }), "stem"],
        [layer("Activation", "bend", { activation: "sigmoid" }), "left"],
        [layer("Add", "sum"), "stem", "bend"],
        [layer("Conv2D", "right", { filters: 3, kernel_size: 1, activation: "relu" }), "sum"],
        [layer("Concatenate", "join"), "sum", "right"],
        [layer("GlobalAveragePooling2D", "mean"), "join"],
        [layer("Flatten", "flat"), "bend"],
        [layer("Concatenate", "both", { axis: 1 }), "flat", "mean"],
        [softmax(3), "both"],
      ),
    ),
};

/** Models that tfjs cannot train, or gets the gradient of wrong. */
export const BEYOND_TFJS: Readonly<Record<string, () => LayersModel>> = {
  "dilated convolutions": () =>
    parse(
      layer("Conv2D", "conv1", {
        batch_input_shape: [null, 7, 8, 2],
        filters: 5,
        kernel_size: 3,
        dilation_rate: [2, 3],
        padding: "same",
        activation: "relu",
      }),
      layer("Conv2D", "conv2", { filters: 4, kernel_size: 2, dilation_rate: 2 }),
      layer("Flatten", "flatten"),
      softmax(3),
    ),
  "padded averages, plain normalisation, one output used twice": () =>
    parseLayersModel(
      graph(
        [layer("InputLayer", "input", { batch_input_shape: [null, 5, 6, 2] })],
        [layer("Conv2D", "conv", { filters: 5, kernel_size: 2, activation: "tanh" }), "input"],
        [layer("AveragePooling2D", "pool", { pool_size: 3, strides: 2, padding: "same" }), "conv"],
        [layer("LayerNormalization", "plain", { scale: false, center: false }), "pool"],
        [layer("BatchNormalization", "norm", { scale: false, center: false }), "plain"],
        [layer("Add", "sum"), "norm", "plain", "norm"],
        [layer("Concatenate", "join", { axis: 1 }), "sum", "plain", "sum"],
        [layer("Flatten", "flat"), "join"],
        [layer("Dense", "output", { units: 3, activation: "softmax" }), "flat"],
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

/** Inputs in [-0.5, 0.5), or rows of the table for a model that starts with an embedding. */
export function batchOf(model: LayersModel, count: number, seed: number): Batch {
  const random = new Random(seedOf(seed));
  const [first] = model.layers ?? [];
  const rows = first?.kind === "embedding" ? first.vocabulary : 0;
  return {
    inputs: Float32Array.from({ length: count * model.inputSize }, () =>
      rows > 0 ? random.below(rows) : random.uniform() - 0.5,
    ),
    labels: Int32Array.from({ length: count }, () => random.below(model.classes)),
  };
}
