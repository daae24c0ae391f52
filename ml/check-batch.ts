/** Checks that every engine makes before it uses a batch. */

import type { Targets } from "./engine.ts";
import { EngineError } from "./engine-error.ts";

/**
 * A buffer with fewer than `count` rows is a mistake of the caller.
 * @throws RangeError
 */
export function checkInputs(inputs: Float32Array, inputSize: number, count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`count: expected a whole number of at least 1, got ${count}`);
  }
  if (inputs.length < count * inputSize) {
    throw new RangeError(`inputs: expected ${count} x ${inputSize} values, got ${inputs.length}`);
  }
}

/**
 * Checks class indexes, one per sample, or (as Float32Array) the wanted values of every output.
 * @throws EngineError BAD_LABEL; RangeError when there are fewer than `count`
 */
export function checkTargets(
  targets: Targets,
  { classes, outputSize }: { readonly classes: number; readonly outputSize: number },
  count: number,
): void {
  if (targets instanceof Float32Array) {
    if (targets.length >= count * outputSize) return;
    throw new RangeError(`targets: expected ${count} x ${outputSize}, got ${targets.length}`);
  }
  if (targets.length < count) {
    throw new RangeError(`labels: expected ${count}, got ${targets.length}`);
  }
  for (let index = 0; index < count; index++) {
    const label = targets[index] ?? -1;
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
