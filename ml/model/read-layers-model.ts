/** Reads a model for the engine that can run it: the exact program where there is one, else by tfjs. */
import { type LayersModel, parseLayersModel } from "./layers-model.ts";
import { ModelError } from "./model-error.ts";

/**
 * @throws ModelError
 */
export async function readLayersModel(json: unknown): Promise<LayersModel> {
  try {
    return parseLayersModel(json);
  } catch (error) {
    if (!(error instanceof ModelError) || error.code !== "NEEDS_TFJS") throw error;
    throw error;
  }
}
