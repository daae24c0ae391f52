/**
 * Reads any model that the system can train: as an exact program if possible, otherwise as a description made by tfjs.
 * tfjs is loaded only in the second case, because it costs memory and time.
 */

import { type ExactRefusal, type LayersModel, parseLayersModel } from "./layers-model.ts";
import { ModelError } from "./model-error.ts";

/** Describes a model that only tfjs can run. */
export type Describe = (json: unknown, exactRefusal: ExactRefusal) => Promise<LayersModel>;

/**
 * @param json untrusted LayersModel JSON
 * @param describe default: in this process, which takes the time and memory that the model needs
 * @returns a model with `exactRefusal` set when only the tfjs engine can run it
 * @throws ModelError
 */
export async function readLayersModel(
  json: unknown,
  describe: Describe = describeHere,
): Promise<LayersModel> {
  try {
    return parseLayersModel(json);
  } catch (error) {
    if (!(error instanceof ModelError) || error.facts.code !== "NEEDS_TFJS") throw error;
    const { layer, className, reason } = error.facts;
    return describe(json, { layer, className, reason });
  }
}

async function describeHere(json: unknown, exactRefusal: ExactRefusal): Promise<LayersModel> {
  const { describeWithTfjs } = await import("../tfjs/describe.ts");
  return describeWithTfjs(json, exactRefusal);
}
