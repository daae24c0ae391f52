/**
 * Checks the wiring of a graph model before tfjs builds it: tfjs waits for ever for an input that
 * never comes. Every layer but the inputs takes one node of others, each once, and there is no way
 * back. Layers used twice are refused.
 */
import { ModelError } from "./model-error.ts";
import { isPlainArray, isPlainObject, type PlainJson, type PlainObject } from "./plain-json.ts";
import type { TopologyLayer } from "./topology.ts";

const MAX_INPUTS = 64;

/**
 * @param config of the model
 * @param list the layers as given, in the order of `layers`
 * @throws ModelError NOT_A_MODEL naming the field
 */
export function checkGraph(
  config: PlainObject,
  list: readonly PlainJson[],
  layers: readonly TopologyLayer[],
): void {
  const names = new Set(layers.map(({ name }) => name));
  const inputsOf = new Map<string, readonly string[]>();
  layers.forEach((layer, index) => {
    const at = `config.layers[${index}]`;
    const given = list[index];
    if (!isPlainObject(given)) throw refuse(at, "must be an object");
    if (given.name !== undefined && given.name !== layer.name) {
      throw refuse(`${at}.name`, `must equal the name in its config, "${layer.name}"`);
    }
    inputsOf.set(layer.name, inboundNames(given.inbound_nodes ?? [], layer, names, at));
  });
  for (const field of ["input_layers", "output_layers"]) {
    const references = config[field];
    if (!isPlainArray(references) || references.length === 0) {
      throw refuse(`config.${field}`, "must name at least one layer");
    }
    for (const reference of references) referenceName(reference, names, `config.${field}`);
  }
  requireAcyclic(inputsOf);
}

function inboundNames(
  nodes: PlainJson,
  { name, className }: TopologyLayer,
  names: ReadonlySet<string>,
  at: string,
): readonly string[] {
  const field = `${at}.inbound_nodes`;
  if (!isPlainArray(nodes)) throw refuse(field, "must be an array");
  const isInput = className === "InputLayer";
  if (nodes.length !== (isInput ? 0 : 1)) {
    throw refuse(
      field,
      isInput ? "must be empty for an input" : `layer "${name}" must be used once`,
    );
  }
  const [node = []] = nodes;
  if (!isPlainArray(node) || node.length > MAX_INPUTS || (node.length === 0 && !isInput)) {
    throw refuse(field, `must list 1 to ${MAX_INPUTS} inputs`);
  }
  return node.map((reference) => referenceName(reference, names, field));
}

/** `[layer, node, tensor, …]` of a layer that exists; layers have one node with one tensor. */
function referenceName(reference: PlainJson, names: ReadonlySet<string>, field: string): string {
  if (!isPlainArray(reference)) throw refuse(field, "must hold [layer, 0, 0]");
  const [name, node, tensor] = reference;
  if (typeof name !== "string" || !names.has(name))
    throw refuse(field, "names a layer that is not there");
  if (node !== 0 || tensor !== 0) throw refuse(field, `must take output 0 of node 0 of "${name}"`);
  return name;
}

/** Removes layers whose inputs are all there until none is left. */
function requireAcyclic(inputsOf: ReadonlyMap<string, readonly string[]>): void {
  const done = new Set<string>();
  let open = [...inputsOf];
  while (open.length > 0) {
    const rest = open.filter(([, inputs]) => !inputs.every((input) => done.has(input)));
    if (rest.length === open.length) {
      throw refuse(
        "config.layers",
        `layer "${open[0]?.[0]}" waits for itself: the graph has a cycle`,
      );
    }
    for (const [name] of open) if (!rest.some(([other]) => other === name)) done.add(name);
    open = rest;
  }
}

function refuse(field: string, reason: string): ModelError {
  return new ModelError(
    `${field} ${reason}`,
    { code: "NOT_A_MODEL", field, reason },
    { remedy: "send a graph without cycles or shared layers, as tfjs writes it" },
  );
}
