/**
 * The two stages of every layer: a plan reserves memory, then `forward` and `backward` bind it to
 * kernels and give the steps that run it. A step is one function of the sample count; it allocates
 * nothing.
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
  /** True when nobody else needs the input, so that the output may lie over it. */
  readonly inPlace: boolean;
  /** The weight at an offset of the flat parameter vector; null: none. */
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
  /** What `backward` still reads of the output, so that a later layer knows what it may overwrite. */
  readonly reads: "nothing" | "sign" | "values";
  /** True when `backward` turns dOutput into the gradient of the only input where it lies. */
  readonly elementwise?: boolean;
  forward(context: LinkContext): Step;
  /** The forward pass of an evaluation where it differs; null: nothing to do. */
  evaluate?(context: LinkContext): Step | null;
  /**
   * @param dOutput byte offset of the gradient of the outputs; may be overwritten
   * @param dInputs where the gradients of the inputs go; 0 where nobody needs one
   */
  backward(context: LinkContext, dOutput: number, dInputs: readonly number[]): Step;
}
