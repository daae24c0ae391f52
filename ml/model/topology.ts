/**
 * Finds the list of layers in the JSON forms that tfjs and Keras write: a bare topology,
 * `{modelTopology}` (model.json), and `{model_config}` around either. Names are completed here,
 * so that everything later can name a layer. Layer meaning is left to `build-program.ts`.
 */

import { executionOrder, readGraph, type Wiring } from "./graph.ts";
import { KNOWN_LAYERS } from "./known-layers.ts";
import { ModelError } from "./model-error.ts";
import { copyPlainJson, isPlainArray, isPlainObject, type PlainObject } from "./plain-json.ts";

const MAX_LAYERS = 256;
const NAME_PATTERN = /^[A-Za-z0-9_.-]{1,64}$/;

export interface TopologyLayer {
  readonly name: string;
  readonly className: string;
  readonly config: PlainObject;
  /** Names of the layers it takes its inputs from; none for an input. */
  readonly inputs: readonly string[];
}

type NamedLayer = Omit<TopologyLayer, "inputs">;

export interface Topology {
  /** Canonical form: `{class_name, config: {name, layers}, keras_version, backend}`. */
  readonly json: PlainObject;
  /** In execution order: every layer comes after its inputs. Layers that no output needs are left out. */
  readonly layers: readonly TopologyLayer[];
  /** Names of the first and the last layers. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** @throws ModelError NOT_A_MODEL, UNSUPPORTED_LAYER, BAD_CONFIG or TOO_LARGE */
export function readTopology(json: unknown): Topology {
  const model = unwrap(copyPlainJson(json) as PlainObject);
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
  const wiring =
    sequential || !isPlainObject(config) ? chain(layers) : readGraph(config, list, layers);
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const name = isPlainObject(config) && typeof config.name === "string" ? config.name : "model";
  const rest = isPlainObject(config) ? config : {};
  const canonical: PlainObject = {
    class_name: className,
    config: {
      ...(sequential ? {} : rest),
      name,
      layers: layers.map((layer, index) => ({
        ...(sequential ? {} : (list[index] as PlainObject)),
        class_name: layer.className,
        config: layer.config,
      })),
    },
    keras_version: "tfjs-layers 4.22.0",
    backend: "tensor_flow.js",
  };
  return {
    json: canonical,
    layers: (sequential ? [...byName.keys()] : executionOrder(wiring)).flatMap((name) => {
      const layer = byName.get(name);
      return layer === undefined ? [] : [{ ...layer, inputs: wiring.inputsOf.get(name) ?? [] }];
    }),
    inputs: wiring.inputs,
    outputs: wiring.outputs,
  };
}

function chain(layers: readonly NamedLayer[]): Wiring {
  const names = layers.map(({ name }) => name);
  return {
    inputsOf: new Map(
      names.map((name, index) => [name, names.slice(Math.max(0, index - 1), index)]),
    ),
    inputs: names.slice(0, 1),
    outputs: names.slice(-1),
  };
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
  if (typeof name !== "string" || !NAME_PATTERN.test(name)) {
    throw notAModel(`${at}.config.name`, "must be 1 to 64 letters, digits, _ . or -");
  }
  if (used.has(name)) throw notAModel(`${at}.config.name`, `repeats the name "${name}"`);
  used.add(name);
  if (!KNOWN_LAYERS.has(className)) throw unsupported(name, className);
  return { name, className, config: { ...config, name } };
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
