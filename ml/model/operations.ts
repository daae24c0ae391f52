/**
 * The cost of a sample step of a model, in operations: the only cost model for prices, deadlines and trust. The count
 * follows from the description alone, so every node gets the same number. It consists of the products in the forward
 * and backward pass, as the layers count them, and of a few operations for every value that a layer puts out, which is
 * most of the work of pooling and activations.
 */
import type { LayersModel } from "./layers-model.ts";
import { ModelError } from "./model-error.ts";

/** Forward and backward, for each value of an activation. */
const VALUE_OPERATIONS = 8;

export function operationsOf({
  flopsPerSample,
  activationsPerSample,
  inputSize,
}: Pick<LayersModel, "flopsPerSample" | "activationsPerSample" | "inputSize">): number {
  return flopsPerSample + VALUE_OPERATIONS * (inputSize + activationsPerSample);
}

/** @throws ModelError OTHER_OPERATIONS when an order gives another cost for its model */
export function requireOperations(model: LayersModel, declared: number): void {
  const actual = operationsOf(model);
  if (actual === declared) return;
  throw new ModelError(
    `a sample step of the model costs ${actual} operations, its order says ${declared}`,
    { code: "OTHER_OPERATIONS", declared, actual },
    { remedy: `order it again with ${actual} operations` },
  );
}
