/**
 * Reads any model the system can train: the exact program where there is one, otherwise a
 * description made by tfjs. tfjs is loaded only then, because it costs memory and time.
 */

import { type LayersModel, parseLayersModel } from "./layers-model.ts";
import { ModelError } from "./model-error.ts";

/**
 * @param json untrusted LayersModel JSON
 * @returns a model with `exactRefusal` set when only the tfjs engine can run it
 * @throws ModelError
 */
export async function readLayersModel(json: unknown): Promise<LayersModel> {
  try {
    return parseLayersModel(json);
  } catch (error) {
    if (!(error instanceof ModelError) || error.facts.code !== "NEEDS_TFJS") throw error;
    const { layer, className, reason } = error.facts;
    const { describeWithTfjs } = await import("../tfjs/describe.ts");
    return describeWithTfjs(json, { layer, className, reason });
  }
}
