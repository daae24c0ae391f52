/**
 * A model as the rest of the system sees it: tfjs LayersModel JSON, checked, with one flat parameter layout.
 * `parseLayersModel` reads the models that the exact engine runs; `ml/tfjs/describe.ts` describes the others, and
 * `read-layers-model.ts` chooses between the two.
 */

import { MAX_CLASSES } from "../dataset/manifest.ts";
import { buildProgram, type Program } from "./build-program.ts";
import type { PlainObject } from "./plain-json.ts";
import type { ParameterSlot, ProgramLayer } from "./program.ts";
import { tooLarge } from "./program-builder.ts";
import { readTopology, type Topology } from "./topology.ts";

/** Why the exact engine cannot run a model. */
export interface ExactRefusal {
  readonly layer: string;
  readonly className: string;
  readonly reason: string;
}

/** softmax: over two or more classes. sigmoid: of every output. */
export type ModelEnding = "softmax" | "sigmoid" | "other";

export interface LayersModel {
  /** Canonical topology, to hash, save and download. */
  readonly json: PlainObject;
  /** Shape of one sample, without the batch dimension. */
  readonly inputShape: readonly number[];
  readonly inputSize: number;
  /** Values of one sample's output. */
  readonly outputSize: number;
  /** Classes that the outputs distinguish: one for each output, or two for a single output. */
  readonly classes: number;
  /** It decides which losses make sense. */
  readonly ending: ModelEnding;
  /** One flat Float32Array holds all parameters, in this order without gaps. */
  readonly parameters: readonly ParameterSlot[];
  readonly parameterCount: number;
  /** Program of the exact engine; null when `exactRefusal` says why there is none. */
  readonly layers: readonly ProgramLayer[] | null;
  readonly exactRefusal: ExactRefusal | null;
  /** What was changed in the model, or is special about it, for the client. */
  readonly notes: readonly string[];
  /** Floating-point operations of one sample, forward and backward. 0 when unknown. */
  readonly flopsPerSample: number;
  /** Values that all layers together put out for one sample. */
  readonly activationsPerSample: number;
}

/**
 * Checks untrusted LayersModel JSON: `{modelTopology}`, `{model_config}` or a bare topology.
 * @throws ModelError; NEEDS_TFJS for a valid model outside the exact engine's layers
 */
export function parseLayersModel(json: unknown): LayersModel {
  const topology = readTopology(json);
  const program = buildProgram(topology);
  const outputSize = program.outputShape.reduce((product, size) => product * size, 1);
  if (outputSize > MAX_CLASSES) throw tooLarge("outputs", MAX_CLASSES, outputSize);
  return {
    json: topology.json,
    inputShape: program.inputShape,
    inputSize: program.inputShape.reduce((product, size) => product * size, 1),
    outputSize,
    classes: Math.max(2, outputSize),
    ending: endingOf(program),
    parameters: program.parameters,
    parameterCount: program.parameterCount,
    layers: program.layers,
    exactRefusal: null,
    notes: renamingNotes(topology),
    flopsPerSample: program.flopsPerSample,
    activationsPerSample: program.layers.reduce((sum, { size }) => sum + size, 0),
  };
}

function endingOf({ layers, outputShape }: Program): ModelEnding {
  const last = layers.at(-1);
  if (last?.kind === "activation" && last.activation === "sigmoid") return "sigmoid";
  const [classes = 0, ...more] = outputShape;
  return last?.kind === "softmax" && more.length === 0 && classes >= 2 ? "softmax" : "other";
}

/** @returns a sentence for each layer that has another name here */
export function renamingNotes({ renamed }: Pick<Topology, "renamed">): string[] {
  return renamed.map(
    ({ from, to }) =>
      `layer ${JSON.stringify(from)} is named ${JSON.stringify(to)} here: tfjs loads no weights whose names have spaces or accents`,
  );
}
