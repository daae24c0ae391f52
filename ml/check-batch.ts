/** Checks that every engine makes before it trusts hyper-parameters or a batch. */

import type { Hyperparameters } from "./engine.ts";
import { EngineError } from "./engine-error.ts";

export const MAX_BATCH_SIZE = 4_096;

/** @throws EngineError BAD_HYPERPARAMETER, naming the field */
export function checkHyperparameters({ optimizer, batchSize }: Hyperparameters): void {
  const { kind, learningRate, momentum } = optimizer;
  if (kind !== "sgd") throw bad("optimizer.kind", `"${String(kind)}" is unknown; use "sgd"`);
  if (!(learningRate > 0 && learningRate <= 100)) {
    throw bad("optimizer.learningRate", "must be above 0 and at most 100");
  }
  if (!(momentum >= 0 && momentum < 1)) {
    throw bad("optimizer.momentum", "must be at least 0 and below 1");
  }
  if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= MAX_BATCH_SIZE)) {
    throw bad("batchSize", `must be a whole number from 1 to ${MAX_BATCH_SIZE}`);
  }
}

/** Buffers shorter than `count` rows are the caller's mistake. @throws RangeError */
export function checkInputs(inputs: Float32Array, inputSize: number, count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`count: expected a whole number of at least 1, got ${count}`);
  }
  if (inputs.length < count * inputSize) {
    throw new RangeError(`inputs: expected ${count} x ${inputSize} values, got ${inputs.length}`);
  }
}

/** @throws EngineError BAD_LABEL; RangeError when there are fewer than `count` labels */
export function checkLabels(labels: Uint8Array | Int32Array, classes: number, count: number): void {
  if (labels.length < count) {
    throw new RangeError(`labels: expected ${count}, got ${labels.length}`);
  }
  for (let index = 0; index < count; index++) {
    const label = labels[index] ?? -1;
    if (label < 0 || label >= classes) {
      throw new EngineError(
        `label ${label} of sample ${index} is outside the model's ${classes} classes`,
        { code: "BAD_LABEL", label, classes },
        { remedy: "use a model with one output per class of the dataset" },
      );
    }
  }
}

/** @throws RangeError */
export function checkLength(label: string, values: Float32Array, expected: number): void {
  if (values.length !== expected) {
    throw new RangeError(`${label}: expected ${expected} values, got ${values.length}`);
  }
}

function bad(field: string, reason: string): EngineError {
  return new EngineError(
    `${field} ${reason}`,
    { code: "BAD_HYPERPARAMETER", field, reason },
    { remedy: `correct ${field} of the job` },
  );
}
