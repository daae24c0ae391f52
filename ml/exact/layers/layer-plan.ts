/**
 * The two stages of every layer: a plan reserves memory; then `forward` and `backward` bind it to kernels and return
 * the steps that run it. A step is a function of the sample count, and allocates nothing.
 */

import type { Arena } from "../arena.ts";
import type { Kernels } from "../kernel-exports.ts";

/** Runs one stage of a layer for the first `count` samples of the batch. */
export type Step = (count: number) => void;

/** Byte offsets of a packed weight and of its gradient; both 0 where a layer has none. */
export interface Weight {
  readonly value: number;
  readonly gradient: number;
}

export interface PlanContext {
  readonly arena: Arena;
  readonly batchSize: number;
  /** Byte offsets of the inputs, batch x values each. */
  readonly inputs: readonly number[];
  /** Byte offset of the first input. */
  readonly input: number;
  /** True when no other operation needs the input, so that the output may overwrite it. */
  readonly inPlace: boolean;
  /** The weight at an offset of the flat parameter vector; without weight for null. */
  weight(offset: number | null): Weight;
}

export interface LinkContext {
  readonly kernels: Kernels;
  /** Byte offset of `scratch` values that any layer may overwrite. */
  readonly scratch: number;
}

export interface LayerPlan {
  /** Byte offset of the outputs. */
  readonly output: number;
  /** Values of scratch memory needed. */
  readonly scratch: number;
  /** What `backward` still reads of the output; it decides what a later layer may overwrite. */
  readonly reads: "nothing" | "sign" | "values";
  /** True when `backward` turns dOutput into the gradient of the only input in the same place. */
  readonly elementwise?: boolean;
  forward(context: LinkContext): Step;
  /** The forward pass of an evaluation, if it differs; null: nothing to do. */
  evaluate?(context: LinkContext): Step | null;
  /**
   * @param dOutput byte offset of the gradient of the outputs; may be overwritten
   * @param dInputs where the gradients of the inputs go; 0 for an input whose gradient is not needed
   */
  backward(context: LinkContext, dOutput: number, dInputs: readonly number[]): Step;
}
