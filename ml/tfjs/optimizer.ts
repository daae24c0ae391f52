/**
 * The optimizers on tfjs variables: clip, decay, step. Their state has the same layout as in the exact engine, so that
 * either engine can continue the other's run.
 */

import {
  ADAGRAD_DEFAULTS,
  ADAM_DEFAULTS,
  type Adagrad,
  type Adam,
  type Optimizer,
} from "../hyperparameters.ts";
import { tf } from "./backend.ts";
import type { TfjsWeight } from "./build-model.ts";

/** Single values start at 1; they are products of decay rates. */
const SCALAR_START = 1;

export class TfjsOptimizer {
  readonly #optimizer: Optimizer;
  readonly #weights: readonly TfjsWeight[];
  /** One variable per weight, for each array that the optimizer keeps. */
  readonly #arrays: readonly (readonly tf.Variable[])[];
  readonly #arrayStart: number;
  readonly #scalars: Float32Array;

  /** @param weights only the trainable ones */
  constructor(optimizer: Optimizer, weights: readonly TfjsWeight[]) {
    this.#optimizer = optimizer;
    this.#weights = weights;
    const { kind } = optimizer;
    const arrays = kind === "adam" ? 2 : kind === "sgd" && optimizer.momentum === 0 ? 0 : 1;
    this.#arrays = Array.from({ length: arrays }, () =>
      weights.map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros([...shape]), false))),
    );
    this.#arrayStart =
      kind === "adagrad"
        ? (optimizer.initialAccumulator ?? ADAGRAD_DEFAULTS.initialAccumulator)
        : 0;
    this.#scalars = new Float32Array(kind === "adam" ? 2 : 0);
    this.reset();
  }

  stateLength(parameterCount: number): number {
    return this.#arrays.length * parameterCount + this.#scalars.length;
  }

  reset(): void {
    this.#scalars.fill(SCALAR_START);
    for (const variable of this.#arrays.flat()) {
      tf.tidy(() => variable.assign(tf.fill(variable.shape, this.#arrayStart)));
    }
  }

  state(parameterCount: number): Float32Array {
    const flat = new Float32Array(this.stateLength(parameterCount));
    this.#arrays.forEach((variables, array) => {
      variables.forEach((variable, index) => {
        const { offset = 0 } = this.#weights[index] ?? {};
        flat.set(variable.dataSync(), array * parameterCount + offset);
      });
    });
    flat.set(this.#scalars, this.#arrays.length * parameterCount);
    return flat;
  }

  restore(state: Float32Array, parameterCount: number): void {
    this.#arrays.forEach((variables, array) => {
      variables.forEach((variable, index) => {
        const { offset = 0, size = 0 } = this.#weights[index] ?? {};
        const start = array * parameterCount + offset;
        const values = state.slice(start, start + size);
        tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
      });
    });
    this.#scalars.set(state.subarray(this.#arrays.length * parameterCount));
  }

  /**
   * One step.
   * @param gradients of each weight; call it inside a tidy
   */
  update(gradients: readonly tf.Tensor[]): void {
    const { learningRate, weightDecay = 0 } = this.#optimizer;
    const clipped = this.#clip(gradients);
    const [b1, b2] = this.#scalars;
    if (this.#optimizer.kind === "adam") {
      const { beta1, beta2 } = { ...ADAM_DEFAULTS, ...this.#optimizer };
      this.#scalars[0] = (b1 ?? 1) * beta1;
      this.#scalars[1] = (b2 ?? 1) * beta2;
    }
    this.#weights.forEach(({ variable }, index) => {
      const gradient = clipped[index];
      if (gradient === undefined) return;
      if (weightDecay > 0) variable.assign(tf.mul(variable, 1 - learningRate * weightDecay));
      variable.assign(tf.sub(variable, this.#change(gradient, index)));
    });
  }

  dispose(): void {
    for (const variable of this.#arrays.flat()) variable.dispose();
  }

  #clip(gradients: readonly tf.Tensor[]): readonly tf.Tensor[] {
    const { clipValue, clipNorm } = this.#optimizer;
    const cut =
      clipValue === undefined
        ? gradients
        : gradients.map((gradient) => tf.clipByValue(gradient, -clipValue, clipValue));
    if (clipNorm === undefined) return cut;
    const squares = cut.map((gradient) => tf.sum(tf.square(gradient)).dataSync()[0] ?? 0);
    const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    return norm > clipNorm ? cut.map((gradient) => tf.mul(gradient, clipNorm / norm)) : cut;
  }

  #change(gradient: tf.Tensor, index: number): tf.Tensor {
    const optimizer = this.#optimizer;
    switch (optimizer.kind) {
      case "sgd": {
        const velocity = this.#arrays[0]?.[index];
        velocity?.assign(tf.add(tf.mul(velocity, optimizer.momentum), gradient));
        return tf.mul(velocity ?? gradient, optimizer.learningRate);
      }
      case "adam":
        return this.#adamChange(optimizer, gradient, index);
      case "adagrad":
        return this.#adagradChange(optimizer, gradient, index);
    }
  }

  #adamChange(adam: Adam, gradient: tf.Tensor, index: number): tf.Tensor {
    const { learningRate, beta1, beta2, epsilon } = { ...ADAM_DEFAULTS, ...adam };
    const [mean, square] = [this.#arrays[0]?.[index], this.#arrays[1]?.[index]];
    if (mean === undefined || square === undefined) return tf.zerosLike(gradient);
    mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1)));
    square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
    const [b1 = 0, b2 = 0] = this.#scalars;
    const spread = tf.add(tf.sqrt(tf.div(square, 1 - b2)), epsilon);
    return tf.mul(tf.div(tf.div(mean, 1 - b1), spread), learningRate);
  }

  #adagradChange(adagrad: Adagrad, gradient: tf.Tensor, index: number): tf.Tensor {
    const { learningRate, epsilon } = { ...ADAGRAD_DEFAULTS, ...adagrad };
    const sums = this.#arrays[0]?.[index];
    if (sums === undefined) return tf.zerosLike(gradient);
    sums.assign(tf.add(sums, tf.square(gradient)));
    return tf.div(tf.mul(gradient, learningRate), tf.sqrt(tf.add(sums, epsilon)));
  }
}
