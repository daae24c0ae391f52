/**
 * The interface of a function that reads one layer class: from its checked config and input shapes to program layers.
 */

import type { LayerConfig } from "../layer-config.ts";
import type { ProgramBuilder, Tensor } from "../program-builder.ts";

/**
 * @returns the layer's output
 * @throws ModelError BAD_CONFIG, TOO_LARGE, or NEEDS_TFJS for options that only tfjs has
 */
export type LayerReader = (
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  /** All inputs, `input` first; only layers that merge have more than one. */
  inputs: readonly Tensor[],
) => Tensor;

const EXTRAS = [
  "kernel_regularizer",
  "bias_regularizer",
  "activity_regularizer",
  "depthwise_regularizer",
  "pointwise_regularizer",
  "recurrent_regularizer",
  "embeddings_regularizer",
  "gamma_regularizer",
  "beta_regularizer",
  "kernel_constraint",
  "bias_constraint",
  "depthwise_constraint",
  "pointwise_constraint",
  "recurrent_constraint",
  "embeddings_constraint",
  "gamma_constraint",
  "beta_constraint",
];

/** @throws ModelError NEEDS_TFJS for a regularizer or constraint on weights */
export function refuseExtras(config: LayerConfig): void {
  for (const field of EXTRAS) {
    if (config.get(field) !== undefined) throw config.needsTfjs(`it has a ${field}`);
  }
}
