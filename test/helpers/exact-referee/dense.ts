import type { DenseLayer } from "../../../ml/model/program.ts";
import type { LayerReferee, RefereeContext } from "./layer-referee.ts";
import { biasGradient, inputGradient, matrix, product, weightGradient } from "./matrix.ts";

export function dense(layer: DenseLayer, context: RefereeContext): LayerReferee {
  const { parameters, gradients } = context;
  const kernel = matrix(layer.kernel, layer.inputSize, layer.outputSize);
  let x = new Float32Array(0);
  return {
    forward([input = x]) {
      x = input as typeof x;
      return product(input, kernel, parameters, layer.bias);
    },
    backward(d) {
      weightGradient(x, d, kernel, gradients);
      biasGradient(d, layer.outputSize, layer.bias, gradients);
      return [inputGradient(d, kernel, parameters)];
    },
  };
}
