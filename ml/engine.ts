/**
 * The interface of an engine: it turns a model program and hyper-parameters into a trainer that steps over batches.
 * There are two, `exact` (bit-exact WebAssembly kernels) and `tfjs` (any LayersModel). An engine knows neither where
 * data comes from nor who pays for the work.
 */

import type { Hyperparameters } from "./hyperparameters.ts";
import type { LayersModel } from "./model/layers-model.ts";

export type EngineName = "exact" | "tfjs";

/** Class indexes, one per sample; or the wanted values of every output, count x outputSize. */
export type Targets = Uint8Array | Int32Array | Float32Array;

/** An engine returns metrics as integer counts, never as ratios, so that all nodes write the same numbers. */
export interface Evaluation {
  /** Sum of the per-sample losses over `samples`, float64 accumulated in sample order. */
  readonly lossSum: number;
  readonly samples: number;
  /** classes x classes, row = true label, column = predicted label; zeros for Float32Array targets. */
  readonly confusion: Uint32Array;
}

/** One open model: parameters, optimizer state and work buffers. Runs must not share one. */
export interface Trainer {
  readonly parameterCount: number;
  /** Copies `parameters` (layout of the program) in and zeroes the optimizer state. */
  load(parameters: Float32Array): void;
  /** Copies of the current values. */
  parameters(): Float32Array;
  /**
   * The memory of the optimizer: momentum and other means, each in parameter layout, then single values; empty when it
   * has no state.
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
  /** Forward pass only, for any number of samples, without dropout. */
  evaluate(inputs: Float32Array, targets: Targets, count: number): Evaluation;
  /** The model's outputs, count x outputSize. */
  predict(inputs: Float32Array, count: number): Float32Array;
  dispose(): void;
}

export interface Engine {
  readonly name: EngineName;
  /** Identifies the arithmetic: equal versions give equal bits (`exact`) or equal kernels (`tfjs`). */
  readonly version: string;
  open(model: LayersModel, hyperparameters: Hyperparameters): Promise<Trainer>;
}
