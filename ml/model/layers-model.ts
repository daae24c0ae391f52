/**
 * A model as the whole system sees it: tfjs LayersModel JSON, checked, with one flat parameter
 * layout. `parseLayersModel` understands what the exact engine runs; other models are described by
 * `ml/tfjs/describe.ts`, and `read-layers-model.ts` picks the right one.
 */

import { buildProgram, classesOf, MAX_CLASSES } from "./build-program.ts";
import type { PlainObject } from "./plain-json.ts";
import type { ParameterSlot, ProgramLayer } from "./program.ts";
import { tooLarge } from "./program-builder.ts";
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
  /** Values of one sample's output. */
  readonly outputSize: number;
  /** Classes of a classifier; one output tells two classes apart. */
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

export interface ParseOptions {
  /** Also take models that do not end in a softmax over classes, for losses other than its own. */
  readonly anyOutput?: boolean;
}

/**
 * Checks untrusted LayersModel JSON: `{modelTopology}`, `{model_config}` or a bare topology.
 * @throws ModelError; NEEDS_TFJS for a valid model outside the exact engine's layers
 */
export function parseLayersModel(
  json: unknown,
  { anyOutput = false }: ParseOptions = {},
): LayersModel {
  const topology = readTopology(json);
  const program = buildProgram(topology);
  const outputSize = program.outputShape.reduce((product, size) => product * size, 1);
  if (outputSize > MAX_CLASSES) throw tooLarge("outputs", MAX_CLASSES, outputSize);
  return {
    json: topology.json,
    inputShape: program.inputShape,
    inputSize: program.inputShape.reduce((product, size) => product * size, 1),
    outputSize,
    classes: anyOutput ? Math.max(2, outputSize) : classesOf(program),
    parameters: program.parameters,
    parameterCount: program.parameterCount,
    layers: program.layers,
    exactRefusal: null,
    flopsPerSample: program.flopsPerSample,
  };
}
