/** Batch and layer normalisation over the last dimension. */

import type { LayerConfig } from "../layer-config.ts";
import type { ProgramBuilder, Tensor } from "../program-builder.ts";
import { type LayerReader, refuseExtras } from "./layer-reader.ts";

/** With a smaller value, the variance of equal values can be 0 in float32, and tfjs divides by it. */
const MIN_EPSILON = 1e-12;

export const readBatchNorm: LayerReader = (config, input, program) => {
  const channels = readChannels(config, input);
  const { gamma, beta } = addAffine(config, channels, program);
  const momentum = config.number("momentum", 0.99, 0, 1);
  const statistic = (part: string, fallback: string): number =>
    program.parameter(config, part, [channels], {
      initializer: [`${part}_initializer`, fallback],
      trainable: false,
    });
  const movingMean = statistic("moving_mean", "zeros");
  const movingVariance = statistic("moving_variance", "ones");
  return program.add(config, [input], input.shape, {
    kind: "batchNorm",
    channels,
    epsilon: config.number("epsilon", 1e-3, MIN_EPSILON, 1),
    momentum,
    gamma,
    beta,
    movingMean,
    movingVariance,
  });
};

export const readLayerNorm: LayerReader = (config, input, program) => {
  const channels = readChannels(config, input);
  const { gamma, beta } = addAffine(config, channels, program);
  const epsilon = config.number("epsilon", 1e-3, MIN_EPSILON, 1);
  return program.add(config, [input], input.shape, {
    kind: "layerNorm",
    channels,
    epsilon,
    gamma,
    beta,
  });
};

function readChannels(config: LayerConfig, { shape }: Tensor): number {
  refuseExtras(config);
  const given = config.get("axis") ?? -1;
  const axis = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (axis !== -1 && axis !== shape.length) throw config.needsTfjs("its axis is not the last");
  return shape.at(-1) ?? 1;
}

function addAffine(
  config: LayerConfig,
  channels: number,
  program: ProgramBuilder,
): { gamma: number | null; beta: number | null } {
  const add = (part: string, fallback: string): number =>
    program.parameter(config, part, [channels], {
      initializer: [`${part}_initializer`, fallback],
    });
  const gamma = config.boolean("scale", true) ? add("gamma", "ones") : null;
  const beta = config.boolean("center", true) ? add("beta", "zeros") : null;
  return { gamma, beta };
}
