/**
 * Builds a tfjs-layers model from checked JSON and lists its weights in the order of the flat
 * parameter vector: layer by layer, each layer's own order.
 */

import type { LayersModel as TfjsModel } from "@tensorflow/tfjs-layers";
import { ModelError } from "../model/model-error.ts";
import { isPlainArray, isPlainObject, type PlainObject } from "../model/plain-json.ts";
import { MAX_PARAMETERS } from "../model/program-builder.ts";
import type { Topology, TopologyLayer } from "../model/topology.ts";
import { layers, type tf } from "./backend.ts";

export type TfjsLayer = TfjsModel["layers"][number];

export interface TfjsWeight {
  /** `layer/kernel`, as tfjs saves it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly offset: number;
  readonly trainable: boolean;
  readonly variable: tf.Variable;
  readonly layer: TfjsLayer;
}

/** @throws ModelError BAD_CONFIG or TOO_LARGE, naming the first layer that tfjs cannot build */
export async function buildTfjsModel(
  topology: Pick<Topology, "json" | "layers">,
): Promise<TfjsModel> {
  try {
    return await build(topology.json);
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    const { layer, cause: first } = (await firstUnbuildable(topology)) ?? {
      layer: undefined,
      cause,
    };
    const reason = reasonOf(first);
    const where = layer === undefined ? "the model" : `layer "${layer.name}" (${layer.className})`;
    throw new ModelError(
      `tfjs cannot build ${where}: ${reason}`,
      { code: "BAD_CONFIG", layer: layer?.name ?? "model", field: "config", reason },
      {
        cause,
        remedy:
          "correct its config: tf.models.modelFromJSON of tfjs 4.22 must accept the model, which it does for what model.toJSON() writes",
      },
    );
  }
}

function build(json: PlainObject): Promise<TfjsModel> {
  return withParameterLimit(() =>
    layers.models.modelFromJSON({ ...json } as Parameters<typeof layers.models.modelFromJSON>[0]),
  );
}

/**
 * tfjs describes a missing field in a sentence, or fails with an internal error; the latter is of no use to a client.
 */
export function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : "";
  const isInternal =
    message === "" ||
    cause instanceof TypeError ||
    /undefined|\bnull\b|is not (a|iterable|defined)|\[object|NaN/.test(message);
  return isInternal
    ? "a field is missing, or has a value of the wrong kind"
    : message.replaceAll(/\s+/g, " ").slice(0, 300);
}

/** Building the model layer by layer takes quadratic time. */
const MAX_SEARCHED = 64;

/** Finds the first layer in execution order without which tfjs builds the model, and the error that it causes. */
async function firstUnbuildable({
  json,
  layers: all,
}: Pick<Topology, "json" | "layers">): Promise<
  { layer: TopologyLayer; cause: unknown } | undefined
> {
  const { config } = json;
  if (!isPlainObject(config) || !isPlainArray(config.layers) || all.length > MAX_SEARCHED) return;
  const entries = config.layers;
  for (const [index, layer] of all.entries()) {
    const names = new Set(all.slice(0, index + 1).map(({ name }) => name));
    const part = entries.filter(
      (entry) =>
        isPlainObject(entry) && isPlainObject(entry.config) && names.has(String(entry.config.name)),
    );
    const ends = json.class_name === "Sequential" ? {} : { output_layers: [[layer.name, 0, 0]] };
    try {
      (await build({ ...json, config: { ...config, ...ends, layers: part } })).dispose();
    } catch (cause) {
      return cause instanceof ModelError ? undefined : { layer, cause };
    }
  }
  return undefined;
}

export function weightsOf(model: TfjsModel): readonly TfjsWeight[] {
  const seen = new Set<number>();
  const weights: TfjsWeight[] = [];
  let offset = 0;
  for (const layer of model.layers) {
    const trainable = new Set(layer.trainableWeights.map(({ id }) => id));
    for (const weight of layer.weights) {
      if (seen.has(weight.id)) continue;
      seen.add(weight.id);
      const variable = weight.read() as tf.Variable;
      const { shape, size } = variable;
      const name = weight.originalName;
      weights.push({
        name,
        shape,
        size,
        offset,
        trainable: trainable.has(weight.id),
        variable,
        layer,
      });
      offset += size;
    }
  }
  return weights;
}

type AddWeight = (
  this: unknown,
  name: string,
  shape: readonly number[],
  dtype: unknown,
  initializer: unknown,
  ...rest: unknown[]
) => unknown;

/**
 * tfjs allocates weights while it reads the JSON, so the limit must be checked inside: a hostile model could ask for
 * any amount of memory. Weights start at zero here, because ours are loaded over them. tfjs builds in the synchronous
 * part of its call, so the hook is removed right after it.
 */
function withParameterLimit<T>(build: () => Promise<T>): Promise<T> {
  const prototype = layers.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  const zeros = layers.initializers.zeros();
  let total = 0;
  prototype.addWeight = function (name, shape, dtype, _initializer, ...rest) {
    total += shape.reduce((product, size) => product * size, 1);
    if (!Number.isFinite(total)) throw new Error("a dimension of its weights is no number");
    if (total > MAX_PARAMETERS) {
      throw new ModelError(
        `the model has more than ${MAX_PARAMETERS} parameters`,
        { code: "TOO_LARGE", what: "parameters", limit: MAX_PARAMETERS, actual: total },
        { remedy: "send a smaller model" },
      );
    }
    return addWeight.call(this, name, shape, dtype, zeros, ...rest);
  };
  try {
    return build();
  } finally {
    prototype.addWeight = addWeight;
  }
}
