/**
 * Translates the form of Keras 3 into that of tfjs and Keras 2, which all other code here reads and which plain tfjs
 * loads: edges of graphs, serialised objects, names of fields. Whatever has no such form is refused by name; nothing is
 * dropped that would change what the model computes.
 */
import { ModelError } from "./model-error.ts";
import { isPlainArray, isPlainObject, type PlainJson, type PlainObject } from "./plain-json.ts";

const TENSOR = "__keras_tensor__";
/** Configs of models may contain models, but these are refused later, so no other field has to be followed. */
const WRAPPED = ["layer", "backward_layer"] as const;

/** @param model `{class_name, config}`, copied. @throws ModelError NOT_A_MODEL, BAD_CONFIG */
export function toTfjsForm(model: PlainObject): PlainObject {
  const { config } = model;
  if (!isPlainObject(config)) return model;
  if (config.trainable === false) {
    throw badConfig(
      String(config.name ?? "model"),
      "trainable",
      "is false for the whole model",
      "set it to true, or freeze single layers",
    );
  }
  const { layers } = config;
  if (!isPlainArray(layers)) return model;
  const next: Record<string, PlainJson> = {
    ...config,
    layers: withFirstShape(layers.map(layerForm), config.build_input_shape),
  };
  for (const field of ["input_layers", "output_layers"]) {
    const ends = config[field];
    if (ends !== undefined) next[field] = endsForm(ends);
  }
  return { ...model, config: next };
}

function layerForm(layer: PlainJson): PlainJson {
  if (!isPlainObject(layer)) return layer;
  const { class_name, config, inbound_nodes, name } = layer;
  const label = nameOf(layer);
  const custom = layer.registered_name;
  if (typeof custom === "string" && custom.includes(">")) {
    throw badConfig(
      label,
      "registered_name",
      `is the custom object "${custom.slice(0, 64)}"`,
      "use layers of Keras itself",
    );
  }
  return {
    ...(class_name !== undefined && { class_name }),
    ...(config !== undefined && {
      config: isPlainObject(config) ? configForm(config, label) : config,
    }),
    ...(name !== undefined && { name }),
    ...(inbound_nodes !== undefined && { inbound_nodes: nodesForm(inbound_nodes, label) }),
    // A Sequential model may give its shape only here.
    ...(isPlainObject(layer.build_config) && { build_config: layer.build_config }),
  };
}

function nameOf(layer: PlainObject): string {
  const name = (isPlainObject(layer.config) ? layer.config.name : undefined) ?? layer.name;
  return typeof name === "string"
    ? name.slice(0, 64)
    : String(layer.class_name ?? "layer").slice(0, 64);
}

/** Renames fields, and refuses options that a newer Keras has and tfjs does not. */
function configForm(config: PlainObject, layer: string): PlainObject {
  const next: Record<string, PlainJson> = {};
  for (const [field, value] of Object.entries(config)) {
    if (field === "dtype") next.dtype = dtypeForm(value, layer);
    else if (field === "batch_shape") next.batch_input_shape = value;
    else if (field === "negative_slope") next.alpha = value;
    else if (TAKEN.get(field)?.includes(value) === false) {
      throw badConfig(
        layer,
        field,
        `is ${short(value)}, which tfjs does not have`,
        `set ${field} to ${short(TAKEN.get(field)?.[0] ?? null)}`,
      );
    } else if (!IGNORED.has(field)) next[field] = objectForm(value, field, layer);
  }
  if (config.negative_slope !== undefined && config.alpha !== undefined) next.alpha = config.alpha;
  for (const field of WRAPPED) {
    if (isPlainObject(next[field])) next[field] = layerForm(next[field]);
  }
  return next;
}

/** Options that change what a layer computes, with the values for which tfjs computes the same. */
const TAKEN: ReadonlyMap<string, readonly PlainJson[]> = new Map([
  ["keepdims", [false, null]],
  ["ragged", [false, null]],
  ["sparse", [false, null]],
  ["optional", [false, null]],
  ["synchronized", [false, null]],
  ["lora_rank", [null]],
  ["lora_alpha", [null]],
  ["quantization_config", [null]],
  ["quantization_mode", [null]],
  ["zero_output_for_mask", [false, null]],
]);
/** These say how a layer is run or stored, not what it computes. */
const IGNORED: ReadonlySet<string> = new Set([
  "autocast",
  "build_config",
  "quantization_config",
  "quantization_mode",
  "ragged",
  "optional",
  "synchronized",
  "lora_rank",
  "lora_alpha",
  "zero_output_for_mask",
]);

/** `{module, class_name, config, registered_name}` as `{class_name, config}`; functions as their names. */
function objectForm(value: PlainJson, field: string, layer: string): PlainJson {
  if (field.endsWith("_regularizer") && (value === "l1" || value === "l2")) {
    return regularizerForm(value.toUpperCase(), {});
  }
  if (!isPlainObject(value) || typeof value.class_name !== "string") return value;
  if ((WRAPPED as readonly string[]).includes(field)) return value;
  const { class_name, config, registered_name } = value;
  if (typeof registered_name === "string" && registered_name.includes(">")) {
    throw badConfig(
      layer,
      field,
      `is the custom object "${registered_name.slice(0, 64)}"`,
      "use one of Keras itself",
    );
  }
  if (class_name === "function") {
    if (typeof config === "string") return config;
    throw badConfig(layer, field, "is a function of its own", "use an activation by name");
  }
  if (field.endsWith("activation") && isPlainObject(config) && Object.keys(config).length === 0) {
    return class_name;
  }
  if (field.endsWith("_regularizer")) return regularizerForm(class_name, config ?? {});
  return { class_name, config: config ?? {} };
}

/** tfjs has one class for both, and its defaults differ from those of Keras. */
function regularizerForm(className: string, config: PlainJson): PlainObject {
  const { l1, l2 } = isPlainObject(config) ? config : {};
  switch (className) {
    case "L1":
      return { class_name: "L1L2", config: { l1: l1 ?? 0.01, l2: 0 } };
    case "L2":
      return { class_name: "L1L2", config: { l1: 0, l2: l2 ?? 0.01 } };
    default:
      return { class_name: className, config };
  }
}

function dtypeForm(value: PlainJson, layer: string): PlainJson {
  const name =
    isPlainObject(value) && isPlainObject(value.config) && typeof value.config.name === "string"
      ? value.config.name
      : value;
  if (name === null || name === "float32") return "float32";
  // Inputs and embeddings of whole numbers declare this type, but the values still arrive as float32.
  if (name === "int32" || name === "int64") return "int32";
  throw badConfig(layer, "dtype", `is ${short(name)}`, "export the model in float32");
}

/** Edges as `[[[layer, node, tensor, {}], …]]`. */
function nodesForm(nodes: PlainJson, layer: string): PlainJson {
  if (!isPlainArray(nodes)) return nodes;
  return nodes.map((node) => {
    if (isPlainArray(node)) return node.map((edge) => checkedEdge(edge, layer));
    if (!isPlainObject(node) || !isPlainArray(node.args)) return node;
    refuseArguments(node.kwargs ?? {}, layer);
    return node.args.flatMap((argument) => tensorsOf(argument, layer));
  });
}

/** Keras 2: `[layer, node, tensor, kwargs]`. */
function checkedEdge(edge: PlainJson, layer: string): PlainJson {
  if (isPlainArray(edge)) refuseArguments(edge[3] ?? {}, layer);
  return edge;
}

/** A call with `training=False`, a mask or a constant computes something different from the layer alone. */
function refuseArguments(kwargs: PlainJson, layer: string): void {
  for (const [name, value] of Object.entries(isPlainObject(kwargs) ? kwargs : { call: kwargs })) {
    if (value !== null) {
      throw badConfig(
        layer,
        `inbound_nodes`,
        `call it with ${name.slice(0, 64)} = ${short(value)}`,
        "call layers with tensors alone, without arguments beside them",
      );
    }
  }
}

function tensorsOf(argument: PlainJson, layer: string): PlainJson[] {
  if (isPlainArray(argument)) return argument.flatMap((one) => tensorsOf(one, layer));
  const history =
    isPlainObject(argument) && argument.class_name === TENSOR && isPlainObject(argument.config)
      ? argument.config.keras_history
      : undefined;
  if (history !== undefined && isPlainArray(history)) return [[...history.slice(0, 3), {}]];
  throw badConfig(
    layer,
    "inbound_nodes",
    `call it with ${short(argument)}, which is no tensor`,
    "call layers with tensors alone, without arguments beside them",
  );
}

/** `[name, 0, 0]`, or names of inputs in this form, as `[[name, 0, 0]]`. */
function endsForm(ends: PlainJson): PlainJson {
  if (isPlainObject(ends)) return Object.values(ends);
  return isPlainArray(ends) && typeof ends[0] === "string" ? [ends] : ends;
}

/** A Sequential model may give the shape of its input beside its first layer. */
function withFirstShape(layers: readonly PlainJson[], ofModel: PlainJson | undefined): PlainJson[] {
  return layers.map((layer, index) => {
    if (!isPlainObject(layer)) return layer;
    const { build_config, ...rest } = layer;
    if (index > 0 || !isPlainObject(rest.config)) return rest;
    const { batch_input_shape, batch_shape, input_shape } = rest.config;
    if ((batch_input_shape ?? batch_shape ?? input_shape ?? null) !== null) return rest;
    const built = isPlainObject(build_config) ? build_config.input_shape : undefined;
    const shape = ofModel ?? built;
    if (!isPlainArray(shape)) return rest;
    return { ...rest, config: { ...rest.config, batch_input_shape: [null, ...shape.slice(1)] } };
  });
}

function short(value: PlainJson): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function badConfig(layer: string, field: string, reason: string, remedy: string): ModelError {
  return new ModelError(
    `layer "${layer}": ${field} ${reason}`,
    { code: "BAD_CONFIG", layer, field, reason },
    { remedy },
  );
}
