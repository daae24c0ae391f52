/**
 * Checks the wiring of a graph model before anything builds it, because tfjs waits for ever for an input that never
 * comes. Every layer except the inputs takes one output of each of its input layers, each once, and the graph has no
 * cycle. Layers that are used twice are refused.
 */
import { ModelError } from "./model-error.ts";
import { isPlainArray, isPlainObject, type PlainJson, type PlainObject } from "./plain-json.ts";

const MAX_INPUTS = 64;

export interface Wiring {
  /** For each layer, the names of the layers from which it takes its inputs. */
  readonly inputsOf: ReadonlyMap<string, readonly string[]>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

interface NamedLayer {
  readonly name: string;
  readonly className: string;
}

/**
 * @param config of the model
 * @param list the layers as given, in the order of `layers`
 * @throws ModelError NOT_A_MODEL naming the field
 */
export function readGraph(
  config: PlainObject,
  list: readonly PlainJson[],
  layers: readonly NamedLayer[],
): Wiring {
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
  const ends = (field: string): readonly string[] => {
    const references = config[field];
    if (!isPlainArray(references) || references.length === 0) {
      throw refuse(`config.${field}`, "must name at least one layer");
    }
    return references.map((reference) => referenceName(reference, names, `config.${field}`));
  };
  const wiring = { inputsOf, inputs: ends("input_layers"), outputs: ends("output_layers") };
  requireAcyclic(inputsOf);
  return wiring;
}

/**
 * The layers that the outputs need, in the order in which tfjs runs them and lists their weights: layers with the
 * longest path to an output first; equals in the order of a walk back from the outputs.
 */
export function executionOrder({ inputsOf, outputs }: Wiring): readonly string[] {
  const met: string[] = [];
  const done = new Set<string>();
  const finished: string[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    met.push(name);
    for (const input of inputsOf.get(name) ?? []) visit(input);
    finished.push(name);
  };
  for (const output of outputs) visit(output);
  const depths = new Map<string, number>();
  // Consumers finish after the layers that they consume, so their depth is known first.
  for (const name of finished.toReversed()) {
    const depth = depths.get(name) ?? 0;
    depths.set(name, depth);
    for (const input of inputsOf.get(name) ?? []) {
      depths.set(input, Math.max(depth + 1, depths.get(input) ?? 0));
    }
  }
  // The sort is stable: layers of equal depth stay in the order of the walk.
  return met.toSorted((a, b) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0));
}

function inboundNames(
  nodes: PlainJson,
  { name, className }: NamedLayer,
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

/** `[layer, node, tensor, {}]` of a layer that exists; layers have one node with one tensor. */
function referenceName(reference: PlainJson, names: ReadonlySet<string>, field: string): string {
  if (!isPlainArray(reference)) throw refuse(field, "must hold [layer, 0, 0]");
  const [name, node, tensor, call = {}, ...more] = reference;
  if (typeof name !== "string" || !names.has(name))
    throw refuse(field, "names a layer that does not exist");
  if (node !== 0 || tensor !== 0) throw refuse(field, `must take output 0 of node 0 of "${name}"`);
  const isPlainCall = call === null || (isPlainObject(call) && Object.keys(call).length === 0);
  if (!isPlainCall || more.length > 0) {
    throw refuse(field, `must call "${name}" without arguments: [layer, 0, 0, {}]`);
  }
  return name;
}

/** Removes layers whose inputs are all present, until none is left. */
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
