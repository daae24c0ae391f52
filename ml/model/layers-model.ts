/**
 * A model as the whole system sees it: tfjs LayersModel JSON, checked, with one flat parameter
 * layout. `parseLayersModel` understands what the exact engine runs; other models are described by
 * `ml/tfjs/describe.ts`, and `read-layers-model.ts` picks the right one.
 */

import { buildProgram } from "./build-program.ts";
import { ModelError } from "./model-error.ts";
import type { PlainObject } from "./plain-json.ts";
import type { ParameterSlot, ProgramLayer } from "./program.ts";
import { readTopology } from "./topology.ts";

/** Why the exact engine cannot run a model. */
export interface ExactRefusal {
  readonly layer: string;
  readonly className: string;
  readonly reason: string;
}

export interface LayersModel {
  /** Canonical topology, to hash, save and download. */
  readonly json: PlainObject;
  /** Shape of one sample, without the batch dimension. */
  readonly inputShape: readonly number[];
  readonly inputSize: number;
  readonly classes: number;
  /** One flat Float32Array holds all parameters, in this order without gaps. */
  readonly parameters: readonly ParameterSlot[];
  readonly parameterCount: number;
  /** Program of the exact engine; null when `exactRefusal` says why there is none. */
  readonly layers: readonly ProgramLayer[] | null;
  readonly exactRefusal: ExactRefusal | null;
  /** Floating-point operations of one sample, forward and backward. 0 when unknown. */
  readonly flopsPerSample: number;
}

/**
 * Checks untrusted LayersModel JSON: `{modelTopology}`, `{model_config}` or a bare topology.
 * @throws ModelError; NEEDS_TFJS for a valid model outside the exact engine's layers
 */
export function parseLayersModel(json: unknown): LayersModel {
  const topology = readTopology(json);
  if (!topology.sequential) {
    throw new ModelError(
      "the model is a graph; the exact engine runs Sequential models",
      { code: "NEEDS_TFJS", layer: "model", className: "Model", reason: "it is a graph" },
      { remedy: "train with the tfjs engine, or write the model as a Sequential" },
    );
  }
  const program = buildProgram(topology.layers);
  return {
    json: topology.json,
    inputShape: program.inputShape,
    inputSize: program.inputShape.reduce((product, size) => product * size, 1),
    classes: program.classes,
    parameters: program.parameters,
    parameterCount: program.parameterCount,
    layers: program.layers,
    exactRefusal: null,
    flopsPerSample: program.flopsPerSample,
  };
}
