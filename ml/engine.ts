/**
 * What an engine is: it turns a model program and hyper-parameters into a trainer that steps over
 * batches. Two exist, `exact` (bit-exact WebAssembly kernels) and `tfjs` (any LayersModel).
 * Nothing here knows where data comes from or who is paid.
 */

import type { Hyperparameters } from "./hyperparameters.ts";
import type { LayersModel } from "./model/layers-model.ts";

export type EngineName = "exact" | "tfjs";

/** Class indexes, one a sample; or the values wanted of every output, count x outputSize. */
export type Targets = Uint8Array | Int32Array | Float32Array;

/** Metrics leave an engine as integer counts, never as ratios, so that all write the same numbers. */
export interface Evaluation {
  /** Sum of the per-sample losses over `samples`, float64 accumulated in sample order. */
  readonly lossSum: number;
  readonly samples: number;
  /** classes x classes, row = true label, column = predicted label; zeros for Float32Array targets. */
  readonly confusion: Uint32Array;
}

/** One open model: parameters, optimizer state and work buffers. Not shared between runs. */
export interface Trainer {
  readonly parameterCount: number;
  /** Copies `parameters` (layout of the program) in and zeroes the optimizer state. */
  load(parameters: Float32Array): void;
  /** Copies of the current values. */
  parameters(): Float32Array;
  /**
   * What the optimizer remembers: momentum and other means, each in parameter layout, then single
   * values; empty when it has no state.
   */
  optimizerState(): Float32Array;
  /** Restores a checkpoint exactly. */
  restore(parameters: Float32Array, optimizerState: Float32Array): void;
  /**
   * One optimizer step over `count <= batchSize` samples.
   * @param inputs count x inputSize values, row-major (NHWC for images)
   * @param targets class indexes, or wanted values
   * @param dropoutSeed seeds this step's dropout masks
   * @returns mean loss of the batch
   */
  step(inputs: Float32Array, targets: Targets, count: number, dropoutSeed: number): number;
  /** Forward pass only, any number of samples, dropout off. */
  evaluate(inputs: Float32Array, targets: Targets, count: number): Evaluation;
  /** The model's outputs, count x outputSize. */
  predict(inputs: Float32Array, count: number): Float32Array;
  dispose(): void;
}

export interface Engine {
  readonly name: EngineName;
  /** Identifies the numbers: equal versions give equal bits (`exact`) or equal kernels (`tfjs`). */
  readonly version: string;
  open(model: LayersModel, hyperparameters: Hyperparameters): Promise<Trainer>;
}
