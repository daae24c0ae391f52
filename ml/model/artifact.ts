/**
 * A trained model in the files of tfjs: `model.json` (topology and weights manifest) and
 * `weights.bin` (float32, little-endian), as tf.loadLayersModel reads them. No I/O here.
 */

import type { LayersModel } from "./layers-model.ts";
import { ModelError } from "./model-error.ts";
import { copyPlainJson, isPlainArray, isPlainObject, type PlainObject } from "./plain-json.ts";
import { readLayersModel } from "./read-layers-model.ts";

export const MODEL_FILE = "model.json";
export const WEIGHTS_FILE = "weights.bin";

export interface ModelArtifact {
  /** Contents of model.json. */
  readonly modelJson: PlainObject;
  /** Contents of weights.bin. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

export interface DecodedArtifact {
  readonly model: LayersModel;
  readonly parameters: Float32Array;
}

/** @throws RangeError when `parameters` is not of the model's length */
export function encodeArtifact(model: LayersModel, parameters: Float32Array): ModelArtifact {
  if (parameters.length !== model.parameterCount) {
    throw new RangeError(
      `parameters: expected ${model.parameterCount} values, got ${parameters.length}`,
    );
  }
  const weights = new Uint8Array(parameters.length * 4);
  const view = new DataView(weights.buffer);
  parameters.forEach((value, index) => {
    view.setFloat32(index * 4, value, true);
  });
  return { modelJson: modelJsonOf(model), weights };
}

/** model.json alone, for weights that already lie in a file of their own. */
export function modelJsonOf(model: LayersModel): PlainObject {
  return {
    format: "layers-model",
    generatedBy: "PoML",
    convertedBy: null,
    modelTopology: model.json,
    weightsManifest: [
      {
        paths: [WEIGHTS_FILE],
        weights: model.parameters.map(({ name, shape }) => ({
          name,
          shape: [...shape],
          dtype: "float32",
        })),
      },
    ],
  };
}

/**
 * Checks untrusted files against each other.
 * @param modelJson parsed model.json
 * @throws ModelError BAD_ARTIFACT, or what the topology is refused for
 */
export async function decodeArtifact(
  modelJson: unknown,
  weights: Uint8Array,
): Promise<DecodedArtifact> {
  const json = copyPlainJson(modelJson);
  if (!isPlainObject(json)) throw bad("model.json", "must be an object");
  const model = await readLayersModel(json);
  checkManifest(model, json);
  const expected = model.parameterCount * 4;
  if (weights.length !== expected) {
    throw bad(WEIGHTS_FILE, `must be ${expected} bytes for this model, not ${weights.length}`);
  }
  const view = new DataView(weights.buffer, weights.byteOffset, weights.byteLength);
  const parameters = new Float32Array(model.parameterCount);
  for (let index = 0; index < parameters.length; index++) {
    const value = view.getFloat32(index * 4, true);
    if (!Number.isFinite(value)) throw bad(WEIGHTS_FILE, `value ${index} is not a finite number`);
    parameters[index] = value;
  }
  return { model, parameters };
}

function checkManifest(model: LayersModel, json: PlainObject): void {
  const groups = json.weightsManifest;
  if (!isPlainArray(groups)) throw bad("weightsManifest", "must be an array");
  const weights = groups.flatMap((group) =>
    isPlainObject(group) && isPlainArray(group.weights) ? group.weights : [],
  );
  if (weights.length !== model.parameters.length) {
    throw bad("weightsManifest", `must list the model's ${model.parameters.length} weights`);
  }
  model.parameters.forEach(({ name, shape }, index) => {
    const weight = weights[index];
    const field = `weightsManifest weight ${index}`;
    if (!isPlainObject(weight)) throw bad(field, "must be an object");
    if (weight.dtype !== "float32") throw bad(field, 'must have dtype "float32"');
    if (weight.quantization !== undefined) throw bad(field, "must not be quantized");
    if (weight.name !== name) throw bad(field, `must be "${name}"`);
    const same = isPlainArray(weight.shape) && String(weight.shape) === String(shape);
    if (!same) throw bad(field, `must have shape [${shape}]`);
  });
}

function bad(field: string, reason: string): ModelError {
  return new ModelError(
    `${field} ${reason}`,
    { code: "BAD_ARTIFACT", field, reason },
    { remedy: "use model.json and weights.bin as tfjs model.save() or poml wrote them" },
  );
}
