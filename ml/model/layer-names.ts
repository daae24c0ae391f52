/**
 * Names of layers that tfjs can load. tfjs names every weight after its layer, and refuses a weight whose name has
 * spaces, accents or similar characters. Such layers get another name, in all places that mention them.
 */
import { isPlainArray, isPlainObject, type PlainJson, type PlainObject } from "./plain-json.ts";
import { refusedName } from "./tfjs-form.ts";

const MAX_NAME = 128;

export interface Renamed {
  readonly from: string;
  readonly to: string;
}

/** @param model `{class_name, config: {layers}}` in the form of tfjs */
export function withSafeNames(model: PlainObject): {
  readonly model: PlainObject;
  readonly renamed: readonly Renamed[];
} {
  const { config } = model;
  const layers = isPlainObject(config) ? config.layers : config;
  if (!isPlainArray(layers)) return { model, renamed: [] };
  const names = layers.flatMap((layer) => {
    const name =
      isPlainObject(layer) && isPlainObject(layer.config) ? layer.config.name : undefined;
    return typeof name === "string" ? [name] : [];
  });
  const used = new Set(names);
  const safe = new Map<string, string>();
  for (const name of names) {
    if (safe.has(name) || name.length < 1 || name.length > MAX_NAME) continue;
    if (refusedName(name) === undefined) continue;
    const to = freeName(plainName(name), used);
    used.add(to);
    safe.set(name, to);
  }
  if (safe.size === 0) return { model, renamed: [] };
  const next = layers.map((layer) => renamedLayer(layer, safe));
  const renamed = [...safe].map(([from, to]) => ({ from, to }));
  if (!isPlainObject(config)) return { model: { ...model, config: next }, renamed };
  const ends = (field: "input_layers" | "output_layers"): PlainObject => {
    const value = config[field];
    return value !== undefined && isPlainArray(value)
      ? { [field]: value.map((end) => renamedEdge(end, safe)) }
      : {};
  };
  const edges = { ...ends("input_layers"), ...ends("output_layers") };
  return { model: { ...model, config: { ...config, ...edges, layers: next } }, renamed };
}

/** Removes accents from letters; every other character that is not safe becomes an underscore. */
function plainName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replaceAll("ß", "ss")
    .replace(/[^A-Za-z0-9_./-]+/g, "_");
  return refusedName(plain) === undefined ? plain : `layer_${plain}`;
}

function freeName(wanted: string, used: ReadonlySet<string>): string {
  const base = wanted.slice(0, MAX_NAME - 8);
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}_${count}`;
    if (!used.has(name)) return name;
  }
}

function renamedLayer(layer: PlainJson, safe: ReadonlyMap<string, string>): PlainJson {
  if (!isPlainObject(layer)) return layer;
  const named = (value: PlainJson | undefined): PlainObject => {
    const to = typeof value === "string" ? safe.get(value) : undefined;
    return to === undefined ? {} : { name: to };
  };
  const { config, inbound_nodes } = layer;
  return {
    ...layer,
    ...named(layer.name),
    ...(isPlainObject(config) && { config: { ...config, ...named(config.name) } }),
    ...(inbound_nodes !== undefined &&
      isPlainArray(inbound_nodes) && {
        inbound_nodes: inbound_nodes.map((node) =>
          isPlainArray(node) ? node.map((edge) => renamedEdge(edge, safe)) : node,
        ),
      }),
  };
}

/** `[layer, node, tensor, …]` */
function renamedEdge(edge: PlainJson, safe: ReadonlyMap<string, string>): PlainJson {
  if (!isPlainArray(edge) || typeof edge[0] !== "string") return edge;
  return [safe.get(edge[0]) ?? edge[0], ...edge.slice(1)];
}
