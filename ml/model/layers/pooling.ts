/** Max and average pooling over 1-D and 2-D windows, or over the whole input. */

import type { LayerConfig } from "../layer-config.ts";
import type { ProgramBuilder, Tensor } from "../program-builder.ts";
import { outputShape, readWindow, wholeWindow } from "../read-window.ts";
import type { LayerReader } from "./layer-reader.ts";

type PoolKind = "maxPool2d" | "averagePool2d";

export const readMaxPool2d: LayerReader = (...layer) => addPool(...layer, "maxPool2d", 2);
export const readMaxPool1d: LayerReader = (...layer) => addPool(...layer, "maxPool2d", 1);
export const readAveragePool2d: LayerReader = (...layer) => addPool(...layer, "averagePool2d", 2);
export const readAveragePool1d: LayerReader = (...layer) => addPool(...layer, "averagePool2d", 1);
export const readGlobalMaxPool2d: LayerReader = (...layer) => addWhole(...layer, "maxPool2d", 2);
export const readGlobalMaxPool1d: LayerReader = (...layer) => addWhole(...layer, "maxPool2d", 1);
export const readGlobalAveragePool2d: LayerReader = (...layer) =>
  addWhole(...layer, "averagePool2d", 2);
export const readGlobalAveragePool1d: LayerReader = (...layer) =>
  addWhole(...layer, "averagePool2d", 1);

function addPool(
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  _inputs: readonly Tensor[],
  kind: PoolKind,
  rank: 1 | 2,
): Tensor {
  const window = readWindow(config, input.shape, rank, "pool_size");
  const shape = outputShape(window, window.channels, rank);
  return program.add(config, [input], shape, { kind, window });
}

function addWhole(
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  _inputs: readonly Tensor[],
  kind: PoolKind,
  rank: 1 | 2,
): Tensor {
  const window = wholeWindow(config, input.shape, rank);
  return program.add(config, [input], [window.channels], { kind, window });
}
