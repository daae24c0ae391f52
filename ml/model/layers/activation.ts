/** Activations, as separate layers and as the `activation` field of other layers; and softmax. */

import type { LayerConfig } from "../layer-config.ts";
import type { ModelError } from "../model-error.ts";
import type { Activation } from "../program.ts";
import type { ProgramBuilder, Tensor } from "../program-builder.ts";
import type { LayerReader } from "./layer-reader.ts";

/** By the names that tfjs reads. */
const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map([
  ["linear", "linear"],
  ["relu", "relu"],
  ["sigmoid", "sigmoid"],
  ["tanh", "tanh"],
  ["hard_sigmoid", "hardSigmoid"],
  ["hardSigmoid", "hardSigmoid"],
  ["gelu", "gelu"],
]);

/** @throws ModelError NEEDS_TFJS, BAD_CONFIG */
export function activationName(config: LayerConfig, field: string, fallback: string): Activation {
  const name = activationText(config, field, fallback);
  const activation = ACTIVATIONS.get(name);
  if (activation === undefined) throw unknown(config, field, name);
  return activation;
}

/** For tfjs null means no activation, whatever the default of the layer is. */
function activationText(config: LayerConfig, field: string, fallback: string): string {
  return config.isNull(field) ? "linear" : config.text(field, fallback);
}

function unknown(config: LayerConfig, field: string, name: string): ModelError {
  const plain = name.toLowerCase().replaceAll("_", "");
  if (plain === "leakyrelu") {
    return config.bad(field, `is "${name}", which tfjs does not have: use a layer LeakyReLU`);
  }
  const meant = [...ACTIVATIONS.keys(), "softmax"].find(
    (known) => known.toLowerCase().replaceAll("_", "") === plain,
  );
  if (meant !== undefined) {
    return config.bad(field, `is "${name}", which tfjs does not know: write "${meant}"`);
  }
  return config.needsTfjs(`it has no ${name.slice(0, 64)} activation`);
}

/** Adds the activation that the `activation` field of a layer names. */
export function addActivation(
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  fallback = "linear",
): Tensor {
  if (activationText(config, "activation", fallback) === "softmax") {
    return addSoftmax(config, input, program);
  }
  return add(config, input, program, activationName(config, "activation", fallback));
}

export const readActivation: LayerReader = (config, input, program) =>
  addActivation(config, input, program);

export const readRelu: LayerReader = (config, input, program) => {
  if (config.get("max_value") !== undefined) throw config.needsTfjs("it limits its output");
  return add(config, input, program, "relu");
};

export const readLeakyRelu: LayerReader = (config, input, program) =>
  add(config, input, program, "leakyRelu", config.number("alpha", 0.3, 0, 1));

export const readSoftmax: LayerReader = (config, input, program) => {
  const axis = config.get("axis") ?? -1;
  if (axis !== -1 && axis !== input.shape.length)
    throw config.needsTfjs("its axis is not the last");
  return addSoftmax(config, input, program);
};

function add(
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  activation: Activation,
  alpha = 0,
): Tensor {
  if (activation === "linear") return input;
  return program.add(config, [input], input.shape, { kind: "activation", activation, alpha });
}

function addSoftmax(config: LayerConfig, input: Tensor, program: ProgramBuilder): Tensor {
  const classes = input.shape.at(-1) ?? 1;
  return program.add(config, [input], input.shape, { kind: "softmax", classes });
}
