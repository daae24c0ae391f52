/** Simple recurrent layers, GRU (with the reset before the product, as in tfjs) and LSTM. */

import { type Initializer, readInitializer } from "../initializers.ts";
import type { LayerConfig } from "../layer-config.ts";
import type { ProgramBuilder, Tensor } from "../program-builder.ts";
import { activationName } from "./activation.ts";
import { type LayerReader, refuseExtras } from "./layer-reader.ts";

type Kind = "simpleRnn" | "gru" | "lstm";

const GATES: Readonly<Record<Kind, number>> = { simpleRnn: 1, gru: 3, lstm: 4 };
/** Options that change what is computed, each with the only value that is supported. */
const FIXED: Readonly<Record<string, unknown>> = {
  dropout: 0,
  recurrent_dropout: 0,
  go_backwards: false,
  stateful: false,
  return_state: false,
  reset_after: false,
};

export const readSimpleRnn: LayerReader = (config, input, program) =>
  addRecurrent(config, input, program, "simpleRnn");
export const readGru: LayerReader = (config, input, program) =>
  addRecurrent(config, input, program, "gru");
export const readLstm: LayerReader = (config, input, program) =>
  addRecurrent(config, input, program, "lstm");

function addRecurrent(
  config: LayerConfig,
  input: Tensor,
  program: ProgramBuilder,
  kind: Kind,
): Tensor {
  refuseExtras(config);
  for (const [field, value] of Object.entries(FIXED)) {
    if ((config.get(field) ?? value) !== value) throw config.needsTfjs(`its ${field} is set`);
  }
  const [steps = 1, inputSize = 1] = input.shape;
  if (input.shape.length !== 2) {
    throw config.bad("input", `must be steps x values, not [${input.shape}]`);
  }
  const units = config.size("units");
  const columns = GATES[kind] * units;
  const activation = smooth(config, "activation", "tanh");
  const recurrentActivation = smooth(config, "recurrent_activation", "hardSigmoid");
  const sequences = config.boolean("return_sequences", false);
  const kernel = program.parameter(config, "kernel", [inputSize, columns], {
    initializer: ["kernel_initializer", "glorotNormal"],
  });
  const recurrentKernel = program.parameter(config, "recurrent_kernel", [units, columns], {
    initializer: ["recurrent_initializer", "orthogonal"],
    // The last third multiplies the reset state, so it is stored separately.
    ...(kind === "gru" && { groups: [2 * units, units] }),
  });
  const forget = kind === "lstm" && config.boolean("unit_forget_bias", false);
  const bias = program.bias(config, columns, forget ? forgetBias(config, units) : undefined);
  program.count(steps * (inputSize + units) * columns);
  return program.add(config, [input], sequences ? [steps, units] : [units], {
    kind,
    steps,
    inputSize,
    units,
    activation,
    recurrentActivation,
    sequences,
    kernel,
    recurrentKernel,
    bias,
  });
}

/** The cells compute the slope from the output, which is impossible for gelu. */
function smooth(
  config: LayerConfig,
  field: string,
  fallback: string,
): "linear" | "relu" | "sigmoid" | "tanh" | "hardSigmoid" {
  if (config.isNull(field)) {
    throw config.bad(
      field,
      'must be named, "linear" for none: to tfjs null is not always the same',
    );
  }
  const name = activationName(config, field, fallback);
  if (name === "gelu" || name === "leakyRelu") {
    throw config.needsTfjs(`it has no ${name} activation in its cells`);
  }
  return name;
}

/** Adds 1 to the bias of the forget gate, the second of four. */
function forgetBias(config: LayerConfig, units: number): Initializer {
  const fans = { fanIn: units, fanOut: units };
  const own = readInitializer(config, "bias_initializer", "zeros", fans);
  return {
    kind: "parts",
    parts: [
      { size: units, initializer: own },
      { size: units, initializer: { kind: "constant", value: 1 } },
      { size: 2 * units, initializer: own },
    ],
  };
}
