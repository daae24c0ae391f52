import { bytesOfFloats } from "../../ml/bytes.ts";
import { modelJsonOf } from "../../ml/model/artifact.ts";
import type { LayersModel } from "../../ml/model/layers-model.ts";

/** The two files of a trained model. */
export interface ModelFiles {
  readonly modelJson: Uint8Array;
  readonly weights: Uint8Array;
}

export function encodeArtifact(model: LayersModel, parameters: Float32Array): ModelFiles {
  return { modelJson: modelJsonOf(model), weights: bytesOfFloats(parameters).slice() };
}
