/** The parameters with which the training of a model starts. */
import { Random } from "../random.ts";
import { fill } from "./initializers.ts";
import type { LayersModel } from "./layers-model.ts";

/**
 * All initial parameters of `model` in its flat layout, drawn from one stream in the order of the layout.
 * @param seed 32 bytes
 */
export function initialParameters(model: LayersModel, seed: Uint8Array): Float32Array {
  const parameters = new Float32Array(model.parameterCount);
  const random = new Random(seed);
  for (const { offset, size, initializer } of model.parameters) {
    fill(parameters.subarray(offset, offset + size), initializer, random);
  }
  return parameters;
}
