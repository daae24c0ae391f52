/** What one layer of the referee sees in one step, and what it gives. */

export interface RefereeContext {
  readonly parameters: Float32Array;
  /** Written by `backward`. */
  readonly gradients: Float32Array;
  /** Samples of the batch. */
  readonly count: number;
  readonly stepSeed: number;
  /** Dropout layers so far. */
  dropouts: number;
}

export interface LayerReferee {
  forward(inputs: readonly Float32Array[]): Float32Array;
  /** @returns the gradients of the inputs */
  backward(d: Float32Array): readonly Float32Array[];
}

export function at(values: Float32Array, index: number): number {
  return values[index] ?? 0;
}
