/** One open model on tfjs. Every tensor of a step lives inside one tidy; only variables outlive it. */

import type { LayersModel as TfjsModel } from "@tensorflow/tfjs-layers";
import { checkInputs, checkLabels, checkLength } from "../check-batch.ts";
import type { Evaluation, Hyperparameters, Trainer } from "../engine.ts";
import type { LayersModel } from "../model/layers-model.ts";
import { tf } from "./backend.ts";
import { type TfjsWeight, weightsOf } from "./build-model.ts";

/** Smallest probability the loss tells apart; the exact engine clips there too. */
const EPSILON = 1e-7;

export class TfjsTrainer implements Trainer {
  readonly parameterCount: number;
  readonly #model: LayersModel;
  readonly #net: TfjsModel;
  readonly #options: Hyperparameters;
  readonly #weights: readonly TfjsWeight[];
  /** Momentum of each trainable weight; empty without momentum. */
  readonly #velocities: ReadonlyMap<TfjsWeight, tf.Variable>;

  constructor(model: LayersModel, net: TfjsModel, options: Hyperparameters) {
    this.parameterCount = model.parameterCount;
    this.#model = model;
    this.#net = net;
    this.#options = options;
    this.#weights = weightsOf(net);
    const trained = options.optimizer.momentum > 0 ? this.#trainable() : [];
    this.#velocities = new Map(
      trained.map((weight) => [
        weight,
        tf.tidy(() => tf.variable(tf.zeros([...weight.shape]), false)),
      ]),
    );
  }

  load(parameters: Float32Array): void {
    checkLength("parameters", parameters, this.parameterCount);
    for (const weight of this.#weights) assign(weight.variable, weight, parameters);
    for (const velocity of this.#velocities.values()) {
      tf.tidy(() => velocity.assign(tf.zerosLike(velocity)));
    }
  }

  parameters(): Float32Array {
    const flat = new Float32Array(this.parameterCount);
    for (const { variable, offset } of this.#weights) flat.set(variable.dataSync(), offset);
    return flat;
  }

  optimizerState(): Float32Array {
    const flat = new Float32Array(this.#velocities.size === 0 ? 0 : this.parameterCount);
    for (const [{ offset }, velocity] of this.#velocities) flat.set(velocity.dataSync(), offset);
    return flat;
  }

  restore(parameters: Float32Array, optimizerState: Float32Array): void {
    const expected = this.#velocities.size === 0 ? 0 : this.parameterCount;
    checkLength("optimizerState", optimizerState, expected);
    this.load(parameters);
    for (const [weight, velocity] of this.#velocities) assign(velocity, weight, optimizerState);
  }

  step(
    inputs: Float32Array,
    labels: Uint8Array | Int32Array,
    count: number,
    dropoutSeed: number,
  ): number {
    const { batchSize } = this.#options;
    if (count > batchSize) {
      throw new RangeError(`count: expected at most ${batchSize}, got ${count}`);
    }
    checkInputs(inputs, this.#model.inputSize, count);
    checkLabels(labels, this.#model.classes, count);
    this.#seedLayers(dropoutSeed);
    const trained = this.#trainable();
    return tf.tidy(() => {
      const x = this.#inputTensor(inputs, 0, count);
      const target = tf.oneHot(
        tf.tensor1d(Int32Array.from(labels.subarray(0, count)), "int32"),
        this.#model.classes,
      );
      const { value, grads } = tf.variableGrads(
        () => crossEntropy(this.#net.apply(x, { training: true }) as tf.Tensor2D, target),
        trained.map(({ variable }) => variable),
      );
      for (const weight of trained) {
        const gradient = grads[weight.variable.name];
        if (gradient !== undefined) this.#update(weight, gradient);
      }
      return value.dataSync()[0] ?? Number.NaN;
    });
  }

  evaluate(inputs: Float32Array, labels: Uint8Array | Int32Array, count: number): Evaluation {
    const { classes } = this.#model;
    checkLabels(labels, classes, count);
    const outputs = this.predict(inputs, count);
    const confusion = new Uint32Array(classes * classes);
    let lossSum = 0;
    for (let sample = 0; sample < count; sample++) {
      const row = outputs.subarray(sample * classes, (sample + 1) * classes);
      const label = labels[sample] ?? 0;
      lossSum -= Math.log(Math.max(row[label] ?? 0, EPSILON));
      const predicted = row.reduce((best, p, index) => (p > (row[best] ?? 0) ? index : best), 0);
      const cell = label * classes + predicted;
      confusion[cell] = (confusion[cell] ?? 0) + 1;
    }
    return { lossSum, samples: count, confusion };
  }

  predict(inputs: Float32Array, count: number): Float32Array {
    const { classes, inputSize } = this.#model;
    checkInputs(inputs, inputSize, count);
    const outputs = new Float32Array(count * classes);
    for (let first = 0; first < count; first += this.#options.batchSize) {
      const rows = Math.min(this.#options.batchSize, count - first);
      tf.tidy(() => {
        const x = this.#inputTensor(inputs, first, rows);
        const p = this.#net.apply(x, { training: false }) as tf.Tensor2D;
        outputs.set(p.dataSync(), first * classes);
      });
    }
    return outputs;
  }

  dispose(): void {
    this.#net.dispose();
    for (const velocity of this.#velocities.values()) velocity.dispose();
  }

  #trainable(): readonly TfjsWeight[] {
    return this.#weights.filter(({ trainable }) => trainable);
  }

  #inputTensor(inputs: Float32Array, first: number, rows: number): tf.Tensor {
    const { inputShape, inputSize } = this.#model;
    const values = inputs.slice(first * inputSize, (first + rows) * inputSize);
    return tf.tensor(values, [rows, ...inputShape]);
  }

  #update(weight: TfjsWeight, gradient: tf.Tensor): void {
    const { learningRate, momentum } = this.#options.optimizer;
    const velocity = this.#velocities.get(weight);
    velocity?.assign(tf.add(tf.mul(velocity, momentum), gradient));
    const change = tf.mul(velocity ?? gradient, learningRate);
    weight.variable.assign(tf.sub(weight.variable, change));
  }

  /** Dropout and noise layers draw from their `seed` field when they have one. */
  #seedLayers(stepSeed: number): void {
    this.#net.layers.forEach((layer, index) => {
      if ("seed" in layer) Object.assign(layer, { seed: stepSeed + index * 7919 + 1 });
    });
  }
}

function assign(
  variable: tf.Variable,
  { offset, size, shape }: TfjsWeight,
  flat: Float32Array,
): void {
  tf.tidy(() => variable.assign(tf.tensor(flat.slice(offset, offset + size), [...shape])));
}

/** Mean over the batch of -ln p[label]. */
function crossEntropy(probabilities: tf.Tensor2D, target: tf.Tensor): tf.Scalar {
  const logs = tf.log(tf.clipByValue(probabilities, EPSILON, 1));
  return tf.neg(tf.mean(tf.sum(tf.mul(target, logs), 1)));
}
