/**
 * What an engine is: it turns a model program and hyper-parameters into a trainer that steps over
 * batches. Two exist, `exact` (bit-exact WebAssembly kernels) and `tfjs` (any LayersModel).
 * Nothing here knows where data comes from or who is paid.
 */

export type EngineName = "exact" | "tfjs";

export interface Hyperparameters {
  readonly optimizer: {
    readonly kind: "sgd";
    readonly learningRate: number;
    readonly momentum: number;
  };
  readonly batchSize: number;
}

/** Metrics leave an engine as integer counts, never as ratios, so that all write the same numbers. */
export interface Evaluation {
  /** Sum of the per-sample losses over `samples`, float64 accumulated in sample order. */
  readonly lossSum: number;
  readonly samples: number;
  /** classes x classes, row = true label, column = predicted label. */
  readonly confusion: Uint32Array;
}

/** One open model: parameters, optimizer state and work buffers. Not shared between runs. */
export interface Trainer {
  readonly parameterCount: number;
  /** Copies `parameters` (layout of the program) in and zeroes the optimizer state. */
  load(parameters: Float32Array): void;
  /** Copies of the current values. */
  parameters(): Float32Array;
  /** Momentum etc. in parameter layout; empty when the optimizer has no state. */
  optimizerState(): Float32Array;
  /** Restores a checkpoint exactly. */
  restore(parameters: Float32Array, optimizerState: Float32Array): void;
  /**
   * One optimizer step over `count <= batchSize` samples.
   * @param inputs count x inputSize values, row-major (NHWC for images)
   * @param labels count class indexes
   * @param dropoutSeed seeds this step's dropout masks
   * @returns mean loss of the batch
   */
  step(
    inputs: Float32Array,
    labels: Uint8Array | Int32Array,
    count: number,
    dropoutSeed: number,
  ): number;
  /** Forward pass only, any number of samples, dropout off. */
  evaluate(inputs: Float32Array, labels: Uint8Array | Int32Array, count: number): Evaluation;
  /** Softmax outputs, count x classes. */
  predict(inputs: Float32Array, count: number): Float32Array;
  dispose(): void;
}

export interface Engine {
  readonly name: EngineName;
  /** Identifies the numbers: equal versions give equal bits (`exact`) or equal kernels (`tfjs`). */
  readonly version: string;
  open(
    model: import("./model/layers-model.ts").LayersModel,
    hyperparameters: Hyperparameters,
  ): Promise<Trainer>;
}
