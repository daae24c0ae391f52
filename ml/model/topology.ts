/**
 * Finds the list of layers in the JSON forms that tfjs and Keras write: a bare topology, `{modelTopology}`
 * (model.json), and `{model_config}` around either. Missing names are filled in here, so that all later code can name a
 * layer. `build-program.ts` reads the layers themselves.
 */

import { executionOrder, readGraph, type Wiring } from "./graph.ts";
import { toTfjsForm } from "./keras-form.ts";
import { KNOWN_LAYERS } from "./known-layers.ts";
import { type Renamed, withSafeNames } from "./layer-names.ts";
import { ModelError } from "./model-error.ts";
import {
  copyPlainJson,
  isPlainArray,
  isPlainObject,
  type PlainJson,
  type PlainObject,
} from "./plain-json.ts";
import { refusedName, tfjsConfig } from "./tfjs-form.ts";

const MAX_LAYERS = 256;

export interface TopologyLayer {
  readonly name: string;
  readonly className: string;
  readonly config: PlainObject;
  /** Names of the layers from which it takes its inputs; none for an input. */
  readonly inputs: readonly string[];
}

type NamedLayer = Omit<TopologyLayer, "inputs">;

export interface Topology {
  /** Canonical form: `{class_name, config: {name, layers}, keras_version, backend}`. */
  readonly json: PlainObject;
  /** In execution order: every layer comes after its inputs. */
  readonly layers: readonly TopologyLayer[];
  /** Layers whose names tfjs cannot load, with their names here. */
  readonly renamed: readonly Renamed[];
  /** Names of the first and the last layers. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** @throws ModelError NOT_A_MODEL, UNSUPPORTED_LAYER, BAD_CONFIG or TOO_LARGE */
export function readTopology(json: unknown): Topology {
  const given = unwrap(copyPlainJson(json) as PlainObject);
  const { model, renamed } = withSafeNames(toTfjsForm(given));
  const className = model.class_name;
  if (className !== "Sequential" && className !== "Model" && className !== "Functional") {
    throw notAModel("class_name", `must be "Sequential", "Model" or "Functional"`);
  }
  const sequential = className === "Sequential";
  const config = model.config;
  const list = isPlainObject(config) ? config.layers : sequential ? config : undefined;
  if (list === undefined || !isPlainArray(list)) {
    throw notAModel("config.layers", "must be an array of layers");
  }
  if (list.length === 0) throw notAModel("config.layers", "is empty");
  if (list.length > MAX_LAYERS) throw tooManyLayers(list.length);

  const used = new Set<string>();
  const layers = list.map((layer, index) => readLayer(layer as PlainObject, index, used));
  const name = isPlainObject(config) && typeof config.name === "string" ? config.name : "model";
  if (sequential || !isPlainObject(config)) return { ...sequence(name, layers), renamed };
  const wiring = readGraph(config, list, layers);
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const order = executionOrder(wiring);
  requireAllUsed(layers, [...order, ...wiring.inputs]);
  return {
    json: canonical(className, {
      name,
      layers: layers.map((layer) => graphLayer(layer, wiring)),
      input_layers: wiring.inputs.map((input) => [input, 0, 0]),
      output_layers: wiring.outputs.map((output) => [output, 0, 0]),
    }),
    layers: order.flatMap((one) => {
      const layer = byName.get(one);
      return layer === undefined ? [] : [{ ...layer, inputs: wiring.inputsOf.get(one) ?? [] }];
    }),
    inputs: wiring.inputs,
    outputs: wiring.outputs,
    renamed,
  };
}

function canonical(className: string, config: PlainObject): PlainObject {
  return {
    class_name: className,
    config,
    keras_version: "tfjs-layers 4.22.0",
    backend: "tensor_flow.js",
  };
}

function sequence(name: string, layers: readonly NamedLayer[]): Omit<Topology, "renamed"> {
  const [first] = layers;
  const names = layers.map((layer) => layer.name);
  // If the first layer is no input, tfjs puts an input layer with this name before it.
  if (first?.className !== "InputLayer" && names.includes(`${first?.name}_input`)) {
    throw notAModel(
      `config.layers[${names.indexOf(`${first?.name}_input`)}].config.name`,
      `must not be "${first?.name}_input": tfjs gives this name to the input before layer "${first?.name}"`,
    );
  }
  const json = layers.map(({ className, config }) => ({ class_name: className, config }));
  return {
    json: canonical("Sequential", { name, layers: json }),
    layers: layers.map((layer, index) => ({
      ...layer,
      inputs: names.slice(Math.max(0, index - 1), index),
    })),
    inputs: names.slice(0, 1),
    outputs: names.slice(-1),
  };
}

function graphLayer({ name, className, config }: NamedLayer, { inputsOf }: Wiring): PlainObject {
  const references = (inputsOf.get(name) ?? []).map((input): PlainJson => [input, 0, 0, {}]);
  return {
    name,
    class_name: className,
    config,
    inbound_nodes: references.length === 0 ? [] : [references],
  };
}

/** tfjs builds a layer that no output needs, but it neither runs the layer nor saves its weights. */
function requireAllUsed(layers: readonly NamedLayer[], used: readonly string[]): void {
  const needed = new Set(used);
  const index = layers.findIndex(({ name }) => !needed.has(name));
  const unused = layers[index];
  if (unused === undefined) return;
  throw notAModel(`config.layers[${index}]`, `layer "${unused.name}" leads to no output`);
}

function unwrap(json: PlainObject): PlainObject {
  let model = json;
  for (const field of ["modelTopology", "model_config"]) {
    if (!isPlainObject(model)) break;
    const inner = model[field];
    if (isPlainObject(inner)) model = inner;
  }
  if (!isPlainObject(model)) throw notAModel("model", "must be an object");
  return model;
}

function readLayer(layer: PlainObject, index: number, used: Set<string>): NamedLayer {
  const at = `config.layers[${index}]`;
  if (!isPlainObject(layer)) throw notAModel(at, "must be an object");
  const className = layer.class_name;
  if (typeof className !== "string") throw notAModel(`${at}.class_name`, "must be a string");
  const config = layer.config ?? {};
  if (!isPlainObject(config)) throw notAModel(`${at}.config`, "must be an object");
  const name = config.name ?? `${className.toLowerCase()}_${index + 1}`;
  if (typeof name !== "string") throw notAModel(`${at}.config.name`, "must be a text");
  const refused = refusedName(name);
  if (refused !== undefined) {
    throw notAModel(`${at}.config.name`, `${JSON.stringify(name.slice(0, 128))} ${refused}`);
  }
  if (used.has(name)) throw notAModel(`${at}.config.name`, `repeats the name "${name}"`);
  used.add(name);
  if (!KNOWN_LAYERS.has(className)) throw unsupported(name, className);
  return { name, className, config: { ...tfjsConfig(name, config), name } };
}

function notAModel(field: string, reason: string): ModelError {
  return new ModelError(
    `${field} ${reason}`,
    { code: "NOT_A_MODEL", field, reason },
    { remedy: "send the LayersModel JSON that tfjs writes with model.toJSON() or model.save()" },
  );
}

function unsupported(layer: string, className: string): ModelError {
  return new ModelError(
    `layer "${layer}": unknown layer class "${className.slice(0, 64)}"`,
    { code: "UNSUPPORTED_LAYER", layer, className: className.slice(0, 64) },
    { remedy: `use one of: ${[...KNOWN_LAYERS].join(", ")}` },
  );
}

function tooManyLayers(actual: number): ModelError {
  return new ModelError(
    `the model has ${actual} layers, the limit is ${MAX_LAYERS}`,
    { code: "TOO_LARGE", what: "layers", limit: MAX_LAYERS, actual },
    { remedy: "send a smaller model" },
  );
}
