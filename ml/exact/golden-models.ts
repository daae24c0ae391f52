/** The tiny models of the self-test; together they use every kernel. */

import type { Hyperparameters } from "../hyperparameters.ts";
import { type LayersModel, parseLayersModel } from "../model/layers-model.ts";

const BATCH_SIZE = 5;

export interface GoldenRun {
  readonly model: LayersModel;
  readonly hyperparameters: Hyperparameters;
  /** Inputs are whole numbers below this; without it, they are values from -1/4 to 3/4. */
  readonly vocabulary?: number;
}

export function goldenRuns(): readonly GoldenRun[] {
  return [
    {
      model: convolutions(),
      hyperparameters: {
        optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
        batchSize: BATCH_SIZE,
      },
    },
    {
      model: sequences(),
      hyperparameters: {
        optimizer: { kind: "adam", learningRate: 0.1, weightDecay: 0.1, clipNorm: 0.1 },
        batchSize: BATCH_SIZE,
      },
      vocabulary: 5,
    },
    {
      model: graph(),
      hyperparameters: {
        optimizer: { kind: "adagrad", learningRate: 0.1, clipValue: 0.05 },
        batchSize: BATCH_SIZE,
        loss: "binaryCrossentropy",
      },
    },
  ];
}

function convolutions(): LayersModel {
  return sequential(
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
  );
}

function sequences(): LayersModel {
  return sequential(
    layer("Embedding", "embedding", {
      batch_input_shape: [null, 4],
      input_dim: 5,
      output_dim: 3,
    }),
    layer("LSTM", "lstm", { units: 5, return_sequences: true }),
    layer("LayerNormalization", "norm", {}),
    layer("GRU", "gru", { units: 4, return_sequences: true, recurrent_activation: "sigmoid" }),
    layer("SimpleRNN", "rnn", { units: 6 }),
    layer("Dense", "hidden", { units: 7, activation: "gelu" }),
    layer("Softmax", "attention", {}),
    layer("Dense", "output", { units: 3, activation: "softmax" }),
  );
}

function graph(): LayersModel {
  const nodes: readonly (readonly [object, ...string[]])[] = [
    [layer("InputLayer", "input", { batch_input_shape: [null, 6, 6, 5] })],
    [layer("SeparableConv2D", "separable", { filters: 5, kernel_size: 3 }), "input"],
    [layer("BatchNormalization", "norm", {}), "separable"],
    [layer("Conv2D", "dilated", { filters: 5, kernel_size: 2, dilation_rate: 2 }), "norm"],
    [layer("LeakyReLU", "leaky", {}), "dilated"],
    [layer("AveragePooling2D", "pool", { pool_size: 3, strides: 1 }), "norm"],
    [layer("Add", "sum", {}), "leaky", "pool"],
    [layer("Concatenate", "join", {}), "sum", "leaky"],
    [layer("GlobalAveragePooling2D", "mean", {}), "join"],
    [layer("Dense", "output", { units: 3, activation: "sigmoid" }), "mean"],
  ];
  const layers = nodes.map(([json, ...inputs]) => ({
    ...json,
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((name) => [name, 0, 0])],
  }));
  const config = {
    name: "golden",
    layers,
    input_layers: [["input", 0, 0]],
    output_layers: [["output", 0, 0]],
  };
  return parseLayersModel({ class_name: "Model", config });
}

function layer(className: string, name: string, config: object): object {
  return { class_name: className, config: { name, ...config } };
}

function sequential(...layers: readonly object[]): LayersModel {
  return parseLayersModel({ class_name: "Sequential", config: { name: "golden", layers } });
}
