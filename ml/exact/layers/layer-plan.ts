/**
 * The two stages of every layer: a plan reserves memory, then `link` binds it to kernels and gives
 * the steps that run it. A step is one function of the sample count; it allocates nothing.
 */

import type { Arena } from "../arena.ts";
import type { Kernels } from "../load-kernels.ts";

/** Runs one stage of a layer for the first `count` samples of the batch. */
export type Step = (count: number) => void;

/** Byte offsets of a layer's packed weights and of their gradients. */
export interface WeightOffsets {
  readonly kernel: number;
  readonly kernelGradient: number;
  /** 0 without bias. */
  readonly bias: number;
  readonly biasGradient: number;
}

export interface PlanContext {
  readonly arena: Arena;
  readonly batchSize: number;
  /** Byte offset of the layer's inputs, batch x inputSize. */
  readonly input: number;
}

export interface LinkContext {
  readonly kernels: Kernels;
  /** Byte offset of `scratch` values that any layer may overwrite. */
  readonly scratch: number;
}

export interface LayerPlan {
  /** Byte offset of the outputs; the input's own offset for a layer that works in place. */
  readonly output: number;
  readonly outputSize: number;
  /** Values of scratch memory needed. */
  readonly scratch: number;
  /** True when gradients pass through in place, so that `backward` ignores `dInput`. */
  readonly inPlace: boolean;
  forward(context: LinkContext): Step;
  /**
   * @param dOutput byte offset of the gradient of the outputs; may be overwritten
   * @param dInput where the gradient of the inputs goes, or 0 when nobody needs it
   */
  backward(context: LinkContext, dOutput: number, dInput: number): Step;
}
