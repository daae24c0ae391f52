/**
 * Builds a tfjs-layers model from checked JSON and lists its weights in the order of the flat
 * parameter vector: layer by layer, each layer's own order.
 */

import type { LayersModel as TfjsModel } from "@tensorflow/tfjs-layers";
import { ModelError } from "../model/model-error.ts";
import type { PlainObject } from "../model/plain-json.ts";
import { MAX_PARAMETERS } from "../model/program-builder.ts";
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

/** @throws ModelError BAD_CONFIG or TOO_LARGE; tfjs's own complaint is in the message */
export async function buildTfjsModel(json: PlainObject): Promise<TfjsModel> {
  try {
    return await withParameterLimit(() =>
      layers.models.modelFromJSON({ ...json } as Parameters<typeof layers.models.modelFromJSON>[0]),
    );
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    const reason = cause instanceof Error ? cause.message.slice(0, 300) : "it cannot be built";
    throw new ModelError(
      `tfjs refuses the model: ${reason}`,
      { code: "BAD_CONFIG", layer: "model", field: "layers", reason },
      { cause, remedy: "check that tf.models.modelFromJSON accepts the model" },
    );
  }
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
 * tfjs allocates weights while it reads the JSON, so the limit must be checked inside: a hostile
 * model could ask for any amount of memory. Weights start at zero here, because ours are loaded
 * over them. tfjs builds in the synchronous part of its call, so the hook never outlives it.
 */
function withParameterLimit<T>(build: () => Promise<T>): Promise<T> {
  const prototype = layers.layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  const zeros = layers.initializers.zeros();
  let total = 0;
  prototype.addWeight = function (name, shape, dtype, _initializer, ...rest) {
    total += shape.reduce((product, size) => product * size, 1);
    if (!(total <= MAX_PARAMETERS)) {
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
