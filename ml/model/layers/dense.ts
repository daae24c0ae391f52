/** Dense layers, over the last dimension of their input. */

import { volume } from "../program-builder.ts";
import { addActivation } from "./activation.ts";
import { type LayerReader, refuseExtras } from "./layer-reader.ts";

export const readDense: LayerReader = (config, input, program) => {
  refuseExtras(config);
  const inputSize = input.shape.at(-1) ?? 1;
  const rows = volume(input.shape.slice(0, -1));
  const outputSize = config.size("units");
  const kernel = program.parameter(config, "kernel", [inputSize, outputSize], {
    initializer: ["kernel_initializer", "glorotNormal"],
  });
  const bias = program.bias(config, outputSize);
  program.count(rows * inputSize * outputSize);
  const shape = [...input.shape.slice(0, -1), outputSize];
  const output = program.add(config, [input], shape, {
    kind: "dense",
    rows,
    inputSize,
    outputSize,
    kernel,
    bias,
  });
  return addActivation(config, output, program);
};
