/** Where the windows of a convolution or pooling lie on their input: strides and padding, resolved. */

import type { LayerConfig } from "./layer-config.ts";
import type { Window } from "./program.ts";

/** @throws ModelError BAD_CONFIG when the input is no image or too small, NEEDS_TFJS */
export function readWindow(
  config: LayerConfig,
  inputShape: readonly number[],
  [windowHeight, windowWidth]: readonly [number, number],
  [strideHeight, strideWidth]: readonly [number, number],
): Window {
  const [inputHeight = 0, inputWidth = 0, channels = 0] = inputShape;
  if (inputShape.length !== 3) {
    throw config.bad("input", `must be height x width x channels, not [${inputShape}]`);
  }
  const format = config.text("data_format", "channels_last");
  if (format !== "channels_last" && format !== "channelsLast") {
    throw config.needsTfjs("its data format is not channels_last");
  }
  const padding = config.text("padding", "valid");
  if (padding !== "valid" && padding !== "same") {
    throw config.bad("padding", 'must be "valid" or "same"');
  }
  const rows = slide(inputHeight, windowHeight, strideHeight, padding);
  const columns = slide(inputWidth, windowWidth, strideWidth, padding);
  if (rows.count < 1 || columns.count < 1) {
    throw config.bad("input", `[${inputShape}] is smaller than the window`);
  }
  return {
    inputHeight,
    inputWidth,
    channels,
    outputHeight: rows.count,
    outputWidth: columns.count,
    windowHeight,
    windowWidth,
    strideHeight,
    strideWidth,
    padTop: rows.before,
    padLeft: columns.before,
  };
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
