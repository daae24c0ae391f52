/**
 * Turns a checked topology into the program of the exact engine, layer by layer in execution order. For a model that
 * tfjs could run and the program cannot, the error is NEEDS_TFJS, which names the layer.
 */

import { fansOf, readInitializer } from "./initializers.ts";
import { LayerConfig } from "./layer-config.ts";
import { LAYER_READERS } from "./layer-readers.ts";
import { ModelError } from "./model-error.ts";
import { isPlainArray } from "./plain-json.ts";
import { MODEL_INPUT, type ParameterSlot, type ProgramLayer } from "./program.ts";
import { checkActivation, ProgramBuilder, type Tensor } from "./program-builder.ts";
import type { Topology, TopologyLayer } from "./topology.ts";

const MAX_RANK = 4;

export interface Program {
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly layers: readonly ProgramLayer[];
  readonly parameters: readonly ParameterSlot[];
  readonly parameterCount: number;
  readonly flopsPerSample: number;
}

/** @throws ModelError BAD_CONFIG, TOO_LARGE or NEEDS_TFJS, naming the layer */
export function buildProgram({ layers, inputs, outputs }: Topology): Program {
  const first = layers.find(({ name }) => name === inputs[0]);
  const output = outputs[0];
  if (first === undefined || output === undefined) throw unusedInput(inputs[0] ?? "");
  if (inputs.length > 1) throw severalOf(inputs, "inputs");
  if (outputs.length > 1) throw severalOf(outputs, "outputs");
  const inputShape = readInputShape(first);
  const program = new ProgramBuilder();
  const tensors = new Map<string, Tensor>();
  for (const layer of layers) {
    const config = new LayerConfig(layer.name, layer.className, layer.config);
    const reader = LAYER_READERS.get(layer.className);
    if (reader === undefined) throw config.needsTfjs(`it has no ${layer.className} layer`);
    if (config.get("trainable") === false) throw config.needsTfjs("its weights are frozen");
    checkOwnData(config);
    const given = layer.inputs.map((name) => tensors.get(name) ?? missing(config, name));
    if (layer === first) given.push({ layer: MODEL_INPUT, shape: inputShape });
    const [input = missing(config, "input")] = given;
    if (given.length > 1 && !MERGING.has(layer.className)) {
      throw config.bad("inputs", "must be one");
    }
    if (layer !== first) checkRepeatedShape(config, input.shape);
    tensors.set(layer.name, reader(config, input, program, given));
  }
  checkInputType(first, program.layers);
  const result = tensors.get(output);
  if (result === undefined) throw new RangeError(`topology: output "${output}" is not a layer`);
  if (result.layer !== program.layers.length - 1 || program.layers.length === 0) {
    throw computesNothing(output);
  }
  return {
    inputShape,
    outputShape: result.shape,
    layers: program.layers,
    parameters: program.parameters,
    parameterCount: program.parameterCount,
    flopsPerSample: program.flopsPerSample,
  };
}

/** Refuses fields from which tfjs would take weights or data instead of from the files. */
function checkOwnData(config: LayerConfig): void {
  if (config.get("weights") !== undefined) {
    throw config.bad("weights", "must be absent: weights have a file of their own");
  }
  // tfjs reads all of them, even those that are not needed.
  for (const field of config.fields()) {
    if (field.endsWith("_initializer")) readInitializer(config, field, "zeros", fansOf([1]));
  }
  const dtype = config.get("dtype");
  const isIndexes = dtype === "int32" && config.className === "InputLayer";
  if (dtype !== undefined && dtype !== "float32" && !isIndexes) {
    throw config.bad("dtype", `must be "float32", not ${JSON.stringify(dtype).slice(0, 64)}`);
  }
}

/** Inputs of whole numbers are only for an embedding; any other layer computes with fractions. */
function checkInputType(first: TopologyLayer, layers: readonly ProgramLayer[]): void {
  if (first.config.dtype !== "int32") return;
  const takers = layers.filter(({ inputs }) => inputs.includes(MODEL_INPUT));
  if (takers.every(({ kind }) => kind === "embedding")) return;
  const config = new LayerConfig(first.name, first.className, first.config);
  throw config.bad("dtype", 'must be "float32": only an embedding takes "int32"');
}

const MERGING: ReadonlySet<string> = new Set(["Add", "Concatenate"]);

function readInputShape(first: TopologyLayer): readonly number[] {
  const config = new LayerConfig(first.name, first.className, first.config);
  const field = "batch_input_shape";
  const value = config.get(field);
  if (value === undefined) throw config.bad(field, "is missing on the first layer");
  if (!isPlainArray(value) || value.length < 2 || value.length > MAX_RANK + 1) {
    throw config.bad(field, `must hold the batch size and 1 to ${MAX_RANK} dimensions`);
  }
  const [batch] = value;
  if (batch !== null && !(Number.isInteger(batch) && Number(batch) >= 1)) {
    throw config.bad(field, "must begin with null, for a batch of any size");
  }
  for (const other of ["input_shape", "batch_size"]) {
    if (config.get(other) !== undefined) {
      throw config.bad(other, `must be absent beside ${field}, tfjs takes only one of them`);
    }
  }
  const shape = value.slice(1).map((size) => {
    if (typeof size === "number" && Number.isInteger(size) && size >= 1) return size;
    throw config.bad(field, "must hold whole numbers of at least 1 after the batch size");
  });
  checkActivation(shape);
  return shape;
}

/** A later layer may repeat the shape of its input. tfjs expects a list there, and warns about anything else. */
function checkRepeatedShape(config: LayerConfig, shape: readonly number[]): void {
  for (const [field, before] of [
    ["batch_input_shape", 1],
    ["input_shape", 0],
  ] as const) {
    const given = config.get(field);
    const said = isPlainArray(given) ? given.slice(before) : undefined;
    const fits =
      said?.length === shape.length && said.every((n, i) => n === null || n === shape[i]);
    if (given === undefined || fits) continue;
    throw config.bad(field, `must be absent here, or that of its input, [${shape}]`);
  }
}

function unusedInput(name: string): ModelError {
  const reason = `names "${name}", which the output does not need`;
  return new ModelError(
    `config.input_layers ${reason}`,
    { code: "NOT_A_MODEL", field: "config.input_layers", reason },
    { remedy: "connect the model's input to its output" },
  );
}

function severalOf(names: readonly string[], what: string): ModelError {
  const reason = `it has ${names.length} ${what}`;
  return new ModelError(
    `the exact engine cannot run the model: ${reason}`,
    { code: "NEEDS_TFJS", layer: names[1] ?? "model", className: "Model", reason },
    { remedy: `use one of the ${what}, or train with the tfjs engine` },
  );
}

function missing(config: LayerConfig, name: string): never {
  throw config.bad("inbound_nodes", `names "${name}", which is no input of the model`);
}

function computesNothing(layer: string): ModelError {
  const reason = "must hold at least one layer that computes something";
  return new ModelError(
    `layer "${layer}": the model's layers ${reason}`,
    { code: "BAD_CONFIG", layer, field: "layers", reason },
    { remedy: 'end with a Dense layer of one unit per class and activation "softmax"' },
  );
}
