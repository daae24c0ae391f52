/**
 * Ready-made classifiers by name, as LayersModel JSON for any input shape and class count: `2nn` and
 * `cnn` of the FedAvg paper (arXiv 1602.05629), `lenet`, `logistic`, `mlp`. Dense presets flatten
 * images, so they fit any input.
 */

import { ModelError } from "./model-error.ts";
import type { PlainObject } from "./plain-json.ts";

export const PRESET_NAMES = ["2nn", "cnn", "lenet", "logistic", "mlp"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

export interface PresetOptions {
  /** One sample: [columns], [height, width, channels] or any other shape. */
  readonly inputShape: readonly number[];
  readonly classes: number;
}

const MIN_IMAGE_SIDE = 4;

/** @throws ModelError UNKNOWN_PRESET, BAD_PRESET_SHAPE or NO_CLASSES */
export function presetModel(name: string, { inputShape, classes }: PresetOptions): PlainObject {
  if (!isPresetName(name)) {
    throw new ModelError(
      `unknown preset "${name.slice(0, 64)}"`,
      { code: "UNKNOWN_PRESET", preset: name.slice(0, 64), known: PRESET_NAMES },
      { remedy: `use one of: ${PRESET_NAMES.join(", ")}` },
    );
  }
  if (!Number.isInteger(classes) || classes < 2) {
    throw new ModelError(
      `a classifier needs at least two classes, not ${classes}`,
      { code: "NO_CLASSES", layer: "output", reason: "fewer than two classes" },
      { remedy: "use a dataset with at least two labels" },
    );
  }
  const layers = [...bodyOf(name, inputShape), dense("output", classes, "softmax")];
  const [first, ...rest] = layers;
  return {
    class_name: "Sequential",
    config: { name, layers: [withInputShape(first, inputShape), ...rest] },
  };
}

export function isPresetName(name: string): name is PresetName {
  return (PRESET_NAMES as readonly string[]).includes(name);
}

interface LayerJson extends PlainObject {
  readonly class_name: string;
  readonly config: PlainObject;
}

function bodyOf(name: PresetName, inputShape: readonly number[]): LayerJson[] {
  switch (name) {
    case "logistic":
      return flat(inputShape);
    case "mlp":
      return [...flat(inputShape), dense("hidden", 64, "relu")];
    case "2nn":
      return [...flat(inputShape), dense("hidden1", 200, "relu"), dense("hidden2", 200, "relu")];
    case "lenet":
      return [
        ...convolutions(name, inputShape, [16, 32], 3),
        flatten(),
        dense("hidden", 64, "relu"),
      ];
    case "cnn":
      return [
        ...convolutions(name, inputShape, [32, 64], 5),
        flatten(),
        dense("hidden", 512, "relu"),
      ];
  }
}

function convolutions(
  preset: PresetName,
  inputShape: readonly number[],
  filters: readonly number[],
  kernelSize: number,
): LayerJson[] {
  const [height = 0, width = 0] = inputShape;
  if (inputShape.length !== 3 || height < MIN_IMAGE_SIDE || width < MIN_IMAGE_SIDE) {
    const reason = `it needs images of height x width x channels, at least ${MIN_IMAGE_SIDE} x ${MIN_IMAGE_SIDE}`;
    throw new ModelError(
      `preset "${preset}" cannot take inputs of shape [${inputShape}]: ${reason}`,
      { code: "BAD_PRESET_SHAPE", preset, inputShape, reason },
      { remedy: 'use preset "mlp", "2nn" or "logistic" for rows of a table' },
    );
  }
  return filters.flatMap((count, index) => [
    conv2d(`conv${index + 1}`, count, kernelSize),
    maxPool2d(`pool${index + 1}`),
  ]);
}

function withInputShape(layer: LayerJson | undefined, inputShape: readonly number[]): PlainObject {
  if (layer === undefined) throw new RangeError("layers: expected at least one");
  const config = { ...layer.config, batch_input_shape: [null, ...inputShape], dtype: "float32" };
  return { class_name: layer.class_name, config };
}

const HE_UNIFORM = {
  class_name: "VarianceScaling",
  config: { scale: 2, mode: "fan_in", distribution: "uniform", seed: null },
};
const GLOROT_UNIFORM = {
  class_name: "VarianceScaling",
  config: { scale: 1, mode: "fan_avg", distribution: "uniform", seed: null },
};
const ZEROS = { class_name: "Zeros", config: {} };

function dense(name: string, units: number, activation: "relu" | "softmax"): LayerJson {
  return {
    class_name: "Dense",
    config: {
      name,
      trainable: true,
      units,
      activation,
      use_bias: true,
      kernel_initializer: activation === "relu" ? HE_UNIFORM : GLOROT_UNIFORM,
      bias_initializer: ZEROS,
    },
  };
}

function conv2d(name: string, filters: number, kernelSize: number): LayerJson {
  return {
    class_name: "Conv2D",
    config: {
      name,
      trainable: true,
      filters,
      kernel_size: [kernelSize, kernelSize],
      strides: [1, 1],
      padding: "same",
      data_format: "channels_last",
      dilation_rate: [1, 1],
      activation: "relu",
      use_bias: true,
      kernel_initializer: HE_UNIFORM,
      bias_initializer: ZEROS,
    },
  };
}

function maxPool2d(name: string): LayerJson {
  return {
    class_name: "MaxPooling2D",
    config: {
      name,
      trainable: true,
      pool_size: [2, 2],
      strides: [2, 2],
      padding: "valid",
      data_format: "channels_last",
    },
  };
}

/** Rows of a table are flat already, and tfjs refuses to flatten them again. */
function flat(inputShape: readonly number[]): LayerJson[] {
  return inputShape.length === 1 ? [] : [flatten()];
}

function flatten(): LayerJson {
  return { class_name: "Flatten", config: { name: "flatten", trainable: true } };
}
