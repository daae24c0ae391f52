/**
 * Convolutions. A 1-D one is a 2-D one over images of one column; a separable one is a depthwise and
 * a pointwise layer.
 */

import type { LayerConfig } from "../layer-config.ts";
import type { Window } from "../program.ts";
import type { ProgramBuilder, Tensor } from "../program-builder.ts";
import { outputShape, readWindow } from "../read-window.ts";
import { addActivation } from "./activation.ts";
import { type LayerReader, refuseExtras } from "./layer-reader.ts";

export const readConv2d: LayerReader = (config, input, program) =>
  readConvolution(config, input, program, 2);

export const readConv1d: LayerReader = (config, input, program) =>
  readConvolution(config, input, program, 1);

function readConvolution(
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  rank: 1 | 2,
): Tensor {
  refuseExtras(config);
  if ((config.get("groups") ?? 1) !== 1) throw config.needsTfjs("it is grouped");
  const filters = config.size("filters");
  const window = readWindow(config, input.shape, rank, "kernel_size");
  const sides = rank === 1 ? [window.windowHeight] : [window.windowHeight, window.windowWidth];
  const kernel = program.parameter(config, "kernel", [...sides, window.channels, filters], {
    initializer: ["kernel_initializer", "glorotNormal"],
  });
  const bias = program.bias(config, filters);
  return addConvolution(config, input, program, { window, filters, kernel, bias, rank });
}

export const readDepthwiseConv2d: LayerReader = (config, input, program) => {
  refuseExtras(config);
  return addActivation(config, addDepthwise(config, input, program, true), program);
};

export const readSeparableConv2d: LayerReader = (config, input, program) => {
  refuseExtras(config);
  if (config.get("kernel_initializer") !== undefined) {
    const own = "depthwise_initializer and pointwise_initializer";
    throw config.bad("kernel_initializer", `is no field of this layer in tfjs: it has ${own}`);
  }
  const filters = config.size("filters");
  const output = addDepthwise(config, input, program, false);
  const [height = 1, width = 1, channels = 1] = output.shape;
  const kernel = program.parameter(config, "pointwise_kernel", [1, 1, channels, filters], {
    initializer: ["pointwise_initializer", "glorotNormal"],
  });
  const bias = program.bias(config, filters);
  const window = pointwise(height, width, channels);
  return addConvolution(config, output, program, { window, filters, kernel, bias, rank: 2 });
};

function addDepthwise(
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  withBias: boolean,
): Tensor {
  const window = readWindow(config, input.shape, 2, "kernel_size");
  const { windowHeight, windowWidth, channels, outputHeight, outputWidth } = window;
  const multiplier =
    config.get("depth_multiplier") === undefined ? 1 : config.size("depth_multiplier");
  const columns = channels * multiplier;
  const shape = [windowHeight, windowWidth, channels, multiplier];
  const kernel = program.parameter(config, "depthwise_kernel", shape, {
    initializer: ["depthwise_initializer", "glorotNormal"],
    groups: [columns],
  });
  const bias = withBias ? program.bias(config, columns) : null;
  program.count(outputHeight * outputWidth * windowHeight * windowWidth * columns);
  return program.add(config, [input], [outputHeight, outputWidth, columns], {
    kind: "depthwiseConv2d",
    window,
    multiplier,
    kernel,
    bias,
  });
}

function addConvolution(
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  {
    rank,
    ...layer
  }: { window: Window; filters: number; kernel: number; bias: number | null; rank: 1 | 2 },
): Tensor {
  const { window, filters } = layer;
  const positions = window.outputHeight * window.outputWidth;
  program.count(positions * window.windowHeight * window.windowWidth * window.channels * filters);
  const shape = outputShape(window, filters, rank);
  const output = program.add(config, [input], shape, { kind: "conv2d", ...layer });
  return addActivation(config, output, program);
}

function pointwise(height: number, width: number, channels: number): Window {
  return {
    inputHeight: height,
    inputWidth: width,
    channels,
    outputHeight: height,
    outputWidth: width,
    windowHeight: 1,
    windowWidth: 1,
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
    padTop: 0,
    padLeft: 0,
  };
}
