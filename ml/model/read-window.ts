/**
 * Computes where the windows of a convolution or pooling lie on their input, from strides, dilation and padding.
 * One-dimensional windows slide over images of one column.
 */

import type { LayerConfig } from "./layer-config.ts";
import type { Window } from "./program.ts";

/**
 * @param sizeField `kernel_size`, or `pool_size`, which has the default 2 and is also the default of the strides
 * @throws ModelError BAD_CONFIG when the input has the wrong rank or is too small, NEEDS_TFJS
 */
export function readWindow(
  config: LayerConfig,
  inputShape: readonly number[],
  rank: 1 | 2,
  sizeField: "kernel_size" | "pool_size",
): Window {
  const [inputHeight, inputWidth, channels] = readImage(config, inputShape, rank);
  const pool = sizeField === "pool_size";
  const size = readPair(config, sizeField, rank, pool ? 2 : undefined);
  // tfjs writes null for strides that equal the pool size.
  const stride = readPair(config, "strides", rank, pool ? size : 1);
  const dilation = pool ? ([1, 1] as const) : readPair(config, "dilation_rate", rank, 1);
  if (dilation.some((step) => step > 1) && stride.some((step) => step > 1)) {
    throw config.bad("strides", "must be 1 where dilation_rate is more");
  }
  const padding = config.text("padding", "valid");
  if (padding !== "valid" && padding !== "same") {
    if (padding === "causal") throw config.needsTfjs("its padding is causal");
    throw config.bad("padding", 'must be "valid" or "same"');
  }
  const rows = slide(inputHeight, (size[0] - 1) * dilation[0] + 1, stride[0], padding);
  const columns = slide(inputWidth, (size[1] - 1) * dilation[1] + 1, stride[1], padding);
  if (rows.count < 1 || columns.count < 1) {
    throw config.bad("input", `[${inputShape}] is smaller than the window`);
  }
  return {
    inputHeight,
    inputWidth,
    channels,
    outputHeight: rows.count,
    outputWidth: columns.count,
    windowHeight: size[0],
    windowWidth: size[1],
    strideHeight: stride[0],
    strideWidth: stride[1],
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    padTop: rows.before,
    padLeft: columns.before,
  };
}

/** One window over the whole input, for global pooling. */
export function wholeWindow(
  config: LayerConfig,
  inputShape: readonly number[],
  rank: 1 | 2,
): Window {
  const [inputHeight, inputWidth, channels] = readImage(config, inputShape, rank);
  return {
    inputHeight,
    inputWidth,
    channels,
    outputHeight: 1,
    outputWidth: 1,
    windowHeight: inputHeight,
    windowWidth: inputWidth,
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
    padTop: 0,
    padLeft: 0,
  };
}

export function outputShape(window: Window, channels: number, rank: 1 | 2): readonly number[] {
  const { outputHeight, outputWidth } = window;
  return rank === 1 ? [outputHeight, channels] : [outputHeight, outputWidth, channels];
}

function readImage(
  config: LayerConfig,
  shape: readonly number[],
  rank: 1 | 2,
): readonly [height: number, width: number, channels: number] {
  if (shape.length !== rank + 1) {
    const wanted = rank === 1 ? "steps x channels" : "height x width x channels";
    throw config.bad("input", `must be ${wanted}, not [${shape}]`);
  }
  const format = config.text("data_format", "channels_last");
  if (format !== "channels_last" && format !== "channelsLast") {
    throw config.needsTfjs("its data format is not channels_last");
  }
  const [height = 0, second = 0, third = 0] = shape;
  return rank === 1 ? [height, 1, second] : [height, second, third];
}

function readPair(
  config: LayerConfig,
  field: string,
  rank: 1 | 2,
  fallback?: number | readonly [number, number],
): readonly [number, number] {
  const otherwise = typeof fallback === "number" ? [fallback, fallback] : fallback;
  const [first = 1, second = 1] = config.sizes(field, rank, otherwise);
  return rank === 1 ? [first, 1] : [first, second];
}

function slide(
  input: number,
  window: number,
  stride: number,
  padding: "valid" | "same",
): { count: number; before: number } {
  if (padding === "valid") return { count: Math.floor((input - window) / stride) + 1, before: 0 };
  const count = Math.ceil(input / stride);
  const total = Math.max((count - 1) * stride + window - input, 0);
  return { count, before: Math.floor(total / 2) };
}
