/** What takes the step from the combined update of a round to the next parameters. Values it keeps are float32. */

export interface ServerOptimizer {
  /** What each vector of its state holds in the first round; as many vectors as there are values here. */
  readonly initial: readonly number[];
  /**
   * Turns a change into the step to take, in place, and moves the state on.
   * @param change one stretch of the combined update
   * @param state the same stretch of each vector
   */
  step(change: Float64Array, state: readonly Float32Array[]): void;
}
