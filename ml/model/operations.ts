/**
 * What a sample step of a model costs, in operations: the one cost model for prices, deadlines and trust. The count
 * follows from the description alone, so everybody comes to the same one: products forward and backward as the layers
 * count them, and a few operations for every value that a layer makes, which is most of the work of pooling and
 * activations.
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

/** @throws ModelError OTHER_OPERATIONS when an order says that its model costs something else */
export function requireOperations(model: LayersModel, declared: number): void {
  const actual = operationsOf(model);
  if (actual === declared) return;
  throw new ModelError(
    `a sample step of the model costs ${actual} operations, its order says ${declared}`,
    { code: "OTHER_OPERATIONS", declared, actual },
    { remedy: "order it again with what it costs" },
  );
}
