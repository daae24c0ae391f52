/**
 * A real, very small trainer: softmax regression with momentum in plain JavaScript. Deterministic,
 * no set-up time; for tests of what surrounds an engine.
 */
import type { Evaluation, Trainer } from "../../ml/engine.ts";

export interface TinyOptions {
  readonly inputSize: number;
  readonly classes: number;
  readonly learningRate?: number;
  readonly momentum?: number;
}

export function tinyTrainer(options: TinyOptions): Trainer {
  const { inputSize, classes, learningRate = 0.1, momentum = 0.9 } = options;
  const parameterCount = (inputSize + 1) * classes;
  const weights = new Float32Array(parameterCount);
  const velocity = new Float32Array(parameterCount);

  function probabilities(inputs: Float32Array, row: number): Float64Array {
    const scores = new Float64Array(classes);
    for (let c = 0; c < classes; c++) {
      let sum = weights[inputSize * classes + c] ?? 0;
      for (let k = 0; k < inputSize; k++) {
        sum += (inputs[row * inputSize + k] ?? 0) * (weights[k * classes + c] ?? 0);
      }
      scores[c] = sum;
    }
    const largest = Math.max(...scores);
    const exps = scores.map((score) => Math.exp(score - largest));
    const total = exps.reduce((sum, value) => sum + value, 0);
    return exps.map((value) => value / total);
  }

  return {
    parameterCount,
    load(parameters) {
      weights.set(parameters);
      velocity.fill(0);
    },
    parameters: () => weights.slice(),
    optimizerState: () => velocity.slice(),
    restore(parameters, state) {
      weights.set(parameters);
      velocity.set(state);
    },
    step(inputs, labels, count, dropoutSeed) {
      const gradient = new Float64Array(parameterCount);
      let loss = 0;
      for (let row = 0; row < count; row++) {
        const output = probabilities(inputs, row);
        loss -= Math.log(output[labels[row] ?? 0] ?? 0);
        for (let c = 0; c < classes; c++) {
          const error = (output[c] ?? 0) - (c === labels[row] ? 1 : 0);
          for (let k = 0; k < inputSize; k++) {
            const at = k * classes + c;
            gradient[at] = (gradient[at] ?? 0) + error * (inputs[row * inputSize + k] ?? 0);
          }
          const bias = inputSize * classes + c;
          gradient[bias] = (gradient[bias] ?? 0) + error;
        }
      }
      // Stands for dropout: the step depends on its seed.
      const jitter = 1 + (dropoutSeed % 1000) * 1e-6;
      for (let i = 0; i < parameterCount; i++) {
        velocity[i] = momentum * (velocity[i] ?? 0) + (jitter * (gradient[i] ?? 0)) / count;
        weights[i] = (weights[i] ?? 0) - learningRate * (velocity[i] ?? 0);
      }
      return loss / count;
    },
    evaluate(inputs, labels, count): Evaluation {
      const confusion = new Uint32Array(classes * classes);
      let lossSum = 0;
      for (let row = 0; row < count; row++) {
        const output = probabilities(inputs, row);
        const label = labels[row] ?? 0;
        lossSum -= Math.log(output[label] ?? 0);
        const at = label * classes + output.indexOf(Math.max(...output));
        confusion[at] = (confusion[at] ?? 0) + 1;
      }
      return { lossSum, samples: count, confusion };
    },
    predict(inputs, count) {
      const rows = Array.from({ length: count }, (_, row) => [...probabilities(inputs, row)]);
      return Float32Array.from(rows.flat());
    },
    dispose() {},
  };
}
