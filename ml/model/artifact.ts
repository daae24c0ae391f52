/**
 * A trained model in the files of tfjs: `model.json` (topology and weights manifest) and `weights.bin` (float32,
 * little-endian), as tf.loadLayersModel reads them. For each model there is exactly one such pair of files. No I/O
 * here.
 */

import { equalBytes } from "../../chain/crypto/hash.ts";
import {
  CanonicalJsonError,
  canonicalJson,
  parseCanonicalJson,
} from "../dataset/canonical-json.ts";
import type { LayersModel } from "./layers-model.ts";
import { ModelError } from "./model-error.ts";
import { isPlainArray, isPlainObject, type PlainJson, type PlainObject } from "./plain-json.ts";
import { readLayersModel } from "./read-layers-model.ts";

const MODEL_FILE = "model.json";
const WEIGHTS_FILE = "weights.bin";
export const MAX_MODEL_BYTES = 16 * 1024 * 1024;

export interface DecodedArtifact {
  readonly model: LayersModel;
  readonly parameters: Float32Array;
}

/** The only valid model.json of a model: canonical JSON. */
export function modelJsonOf(model: LayersModel): Uint8Array {
  return canonicalJson(contentOf(model));
}

function contentOf(model: LayersModel): PlainObject {
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
 * Checks untrusted files against each other: model.json must equal, byte for byte, the file that its own topology
 * gives, and weights.bin must hold the values of the model and nothing more.
 * @throws ModelError BAD_ARTIFACT, or the error of the topology
 */
export async function decodeArtifact(
  modelJson: Uint8Array,
  weights: Uint8Array,
): Promise<DecodedArtifact> {
  const model = await decodeModelJson(modelJson);
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

async function decodeModelJson(bytes: Uint8Array): Promise<LayersModel> {
  if (bytes.length > MAX_MODEL_BYTES) throw bad(MODEL_FILE, `is over ${MAX_MODEL_BYTES} bytes`);
  const json = parsed(bytes);
  const topology = isPlainObject(json) ? json.modelTopology : undefined;
  if (!isPlainObject(topology)) throw bad(`${MODEL_FILE}: modelTopology`, "must be an object");
  const model = await readLayersModel(topology);
  const content = contentOf(model);
  if (!equalBytes(canonicalJson(content), bytes)) throw difference(MODEL_FILE, json, content);
  return model;
}

function parsed(bytes: Uint8Array): PlainJson {
  try {
    return parseCanonicalJson(bytes) as PlainJson;
  } catch (error) {
    if (error instanceof CanonicalJsonError) throw bad(MODEL_FILE, `is ${error.message}`, error);
    throw error;
  }
}

/** Names the first member that differs. */
function difference(path: string, given: PlainJson, wanted: PlainJson): ModelError {
  if (isPlainArray(given) && isPlainArray(wanted) && given.length === wanted.length) {
    for (const [index, item] of wanted.entries()) {
      const other = given[index] ?? null;
      if (!same(other, item)) return difference(`${path}[${index}]`, other, item);
    }
  }
  if (isPlainObject(given) && isPlainObject(wanted)) {
    const dot = path === MODEL_FILE ? ": " : ".";
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(wanted, key));
    if (unknown !== undefined) return bad(`${path}${dot}${unknown.slice(0, 64)}`, "is unknown");
    for (const [key, member] of Object.entries(wanted)) {
      const other = given[key];
      if (other === undefined) return bad(`${path}${dot}${key}`, "is missing");
      if (!same(other, member)) return difference(`${path}${dot}${key}`, other, member);
    }
  }
  return bad(path, `must be ${excerpt(wanted)}, not ${excerpt(given)}`);
}

function same(a: PlainJson, b: PlainJson): boolean {
  return equalBytes(canonicalJson(a), canonicalJson(b));
}

function excerpt(value: PlainJson): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function bad(field: string, reason: string, cause?: unknown): ModelError {
  return new ModelError(
    `${field} ${reason}`,
    { code: "BAD_ARTIFACT", field, reason },
    { remedy: "download the model again with `npx poml job result`", cause },
  );
}
