/** One open model on tfjs. Every tensor of a step lives inside one tidy; only variables outlive it. */

import type { LayersModel as TfjsModel } from "@tensorflow/tfjs-layers";
import { checkInputs, checkLength, checkTargets } from "../check-batch.ts";
import type { Evaluation, Targets, Trainer } from "../engine.ts";
import { DEFAULT_LOSS, type Hyperparameters, type Loss } from "../hyperparameters.ts";
import type { LayersModel } from "../model/layers-model.ts";
import { tf } from "./backend.ts";
import { type TfjsWeight, weightsOf } from "./build-model.ts";
import { lossPerSample } from "./loss.ts";
import { TfjsOptimizer } from "./optimizer.ts";

export class TfjsTrainer implements Trainer {
  readonly parameterCount: number;
  readonly #model: LayersModel;
  readonly #net: TfjsModel;
  readonly #batchSize: number;
  readonly #loss: Loss;
  readonly #weights: readonly TfjsWeight[];
  readonly #trainable: readonly TfjsWeight[];
  readonly #optimizer: TfjsOptimizer;

  constructor(model: LayersModel, net: TfjsModel, options: Hyperparameters) {
    this.parameterCount = model.parameterCount;
    this.#model = model;
    this.#net = net;
    this.#batchSize = options.batchSize;
    this.#loss = options.loss ?? DEFAULT_LOSS;
    this.#weights = weightsOf(net);
    this.#trainable = this.#weights.filter(({ trainable }) => trainable);
    this.#optimizer = new TfjsOptimizer(options.optimizer, this.#trainable);
  }

  load(parameters: Float32Array): void {
    checkLength("parameters", parameters, this.parameterCount);
    for (const weight of this.#weights) assign(weight, parameters);
    this.#optimizer.reset();
  }

  parameters(): Float32Array {
    const flat = new Float32Array(this.parameterCount);
    for (const { variable, offset } of this.#weights) flat.set(variable.dataSync(), offset);
    return flat;
  }

  optimizerState(): Float32Array {
    return this.#optimizer.state(this.parameterCount);
  }

  restore(parameters: Float32Array, optimizerState: Float32Array): void {
    const expected = this.#optimizer.stateLength(this.parameterCount);
    checkLength("optimizerState", optimizerState, expected);
    this.load(parameters);
    this.#optimizer.restore(optimizerState, this.parameterCount);
  }

  step(inputs: Float32Array, targets: Targets, count: number, dropoutSeed: number): number {
    if (count > this.#batchSize) {
      throw new RangeError(`count: expected at most ${this.#batchSize}, got ${count}`);
    }
    checkInputs(inputs, this.#model.inputSize, count);
    checkTargets(targets, this.#model, count);
    this.#seedLayers(dropoutSeed);
    return tf.tidy(() => {
      const x = this.#inputTensor(inputs, 0, count);
      const wanted = this.#targetTensor(targets, 0, count);
      const { value, grads } = tf.variableGrads(
        () =>
          this.#withRegularizers(tf.mean(lossPerSample(this.#loss, this.#apply(x, true), wanted))),
        this.#trainable.map(({ variable }) => variable),
      );
      this.#optimizer.update(
        this.#trainable.map(({ variable }) => grads[variable.name] ?? tf.zerosLike(variable)),
      );
      return value.dataSync()[0] ?? Number.NaN;
    });
  }

  evaluate(inputs: Float32Array, targets: Targets, count: number): Evaluation {
    const { classes, outputSize } = this.#model;
    checkTargets(targets, this.#model, count);
    const outputs = this.predict(inputs, count);
    const confusion = new Uint32Array(classes * classes);
    let lossSum = 0;
    for (let first = 0; first < count; first += this.#batchSize) {
      const rows = Math.min(this.#batchSize, count - first);
      const losses = tf.tidy(() => {
        const values = outputs.slice(first * outputSize, (first + rows) * outputSize);
        const wanted = this.#targetTensor(targets, first, rows);
        return lossPerSample(
          this.#loss,
          tf.tensor2d(values, [rows, outputSize]),
          wanted,
        ).dataSync();
      });
      for (const loss of losses) lossSum += loss;
    }
    if (targets instanceof Float32Array) return { lossSum, samples: count, confusion };
    for (let sample = 0; sample < count; sample++) {
      const row = outputs.subarray(sample * outputSize, (sample + 1) * outputSize);
      const cell = (targets[sample] ?? 0) * classes + predictedClass(row);
      confusion[cell] = (confusion[cell] ?? 0) + 1;
    }
    return { lossSum, samples: count, confusion };
  }

  predict(inputs: Float32Array, count: number): Float32Array {
    const { outputSize, inputSize } = this.#model;
    checkInputs(inputs, inputSize, count);
    const outputs = new Float32Array(count * outputSize);
    for (let first = 0; first < count; first += this.#batchSize) {
      const rows = Math.min(this.#batchSize, count - first);
      tf.tidy(() => {
        const p = this.#apply(this.#inputTensor(inputs, first, rows), false);
        outputs.set(p.dataSync(), first * outputSize);
      });
    }
    return outputs;
  }

  dispose(): void {
    this.#net.dispose();
    this.#optimizer.dispose();
  }

  /** Outputs, samples x outputSize. */
  #apply(x: tf.Tensor, training: boolean): tf.Tensor {
    const y = this.#net.apply(x, { training }) as tf.Tensor;
    return tf.reshape(y, [-1, this.#model.outputSize]);
  }

  /** Regularizers of weights are part of the loss in training, as in tfjs and Keras. */
  #withRegularizers(loss: tf.Tensor): tf.Scalar {
    const parts = this.#net.calculateLosses();
    return parts.reduce<tf.Tensor>((sum, part) => tf.add(sum, part), loss) as tf.Scalar;
  }

  #inputTensor(inputs: Float32Array, first: number, rows: number): tf.Tensor {
    const { inputShape, inputSize } = this.#model;
    const values = inputs.slice(first * inputSize, (first + rows) * inputSize);
    return tf.tensor(values, [rows, ...inputShape]);
  }

  #targetTensor(targets: Targets, first: number, rows: number): tf.Tensor {
    const { outputSize } = this.#model;
    if (targets instanceof Float32Array) {
      const values = targets.slice(first * outputSize, (first + rows) * outputSize);
      return tf.tensor2d(values, [rows, outputSize]);
    }
    const labels = Int32Array.from(targets.subarray(first, first + rows));
    // One output is the probability of class 1.
    if (outputSize === 1) return tf.tensor2d(Float32Array.from(labels), [rows, 1]);
    return tf.oneHot(tf.tensor1d(labels, "int32"), outputSize);
  }

  /** Dropout and noise layers draw from their `seed` field if they have one. */
  #seedLayers(stepSeed: number): void {
    this.#net.layers.forEach((layer, index) => {
      if ("seed" in layer) Object.assign(layer, { seed: stepSeed + index * 7919 + 1 });
    });
  }
}

function assign({ variable, offset, size, shape }: TfjsWeight, flat: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(flat.slice(offset, offset + size), [...shape])));
}

function predictedClass(row: Float32Array): number {
  if (row.length === 1) return (row[0] ?? 0) > 0.5 ? 1 : 0;
  return row.reduce((best, p, index) => (p > (row[best] ?? 0) ? index : best), 0);
}
