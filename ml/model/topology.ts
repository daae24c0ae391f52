/**
 * Finds the list of layers in the JSON forms that tfjs and Keras write: a bare topology,
 * `{modelTopology}` (model.json), and `{model_config}` around either. Names are completed here,
 * so that everything later can name a layer. Layer meaning is left to `build-program.ts`.
 */

import { checkGraph } from "./graph.ts";
import { KNOWN_LAYERS } from "./known-layers.ts";
import { ModelError } from "./model-error.ts";
import { copyPlainJson, isPlainArray, isPlainObject, type PlainObject } from "./plain-json.ts";

const MAX_LAYERS = 256;
const NAME_PATTERN = /^[A-Za-z0-9_.-]{1,64}$/;

export interface TopologyLayer {
  readonly name: string;
  readonly className: string;
  readonly config: PlainObject;
}

export interface Topology {
  /** Canonical form: `{class_name, config: {name, layers}, keras_version, backend}`. */
  readonly json: PlainObject;
  /** False for a graph ("Model", "Functional"): its order is not a chain. */
  readonly sequential: boolean;
  readonly layers: readonly TopologyLayer[];
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
  if (!sequential && isPlainObject(config)) checkGraph(config, list, layers);
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
  return { json: canonical, sequential, layers };
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

function readLayer(layer: PlainObject, index: number, used: Set<string>): TopologyLayer {
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
