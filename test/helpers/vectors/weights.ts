/** docs/training.md, "Models", "Presets" and "Initial weights". */

import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { canonicalJson } from "../../../ml/dataset/canonical-json.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { type LayersModel, parseLayersModel } from "../../../ml/model/layers-model.ts";
import { PRESET_NAMES, presetModel } from "../../../ml/model/presets.ts";
import { parametersHash } from "../merge-in-memory.ts";
import { BEYOND_TFJS, layer, sequential, TEST_MODELS } from "../models.ts";

const SEED = sha256(Uint8Array.of(5));

const scaling = (scale: number, mode: string, distribution: string): object => ({
  class_name: "VarianceScaling",
  config: { scale, mode, distribution, seed: null },
});

/** Of a kernel of 3 x 4 values. */
const INITIALIZERS: readonly unknown[] = [
  "zeros",
  "Ones",
  { class_name: "Constant", config: { value: 0.1 } },
  "randomUniform",
  { class_name: "RandomUniform", config: { minval: -0.3, maxval: 0.7 } },
  "random_normal",
  { class_name: "RandomNormal", config: { mean: 0.1, stddev: 3 } },
  "truncatedNormal",
  { class_name: "TruncatedNormal", config: { mean: -1, stddev: 0.3 } },
  "glorotUniform",
  "GlorotNormal",
  "he_uniform",
  "heNormal",
  "leCunUniform",
  "leCunNormal",
  "Orthogonal",
  scaling(0.7, "fan_out", "uniform"),
  scaling(2, "fan_in", "normal"),
  scaling(1, "fan_avg", "truncated_normal"),
];

export function weightVectors(): object {
  return {
    about:
      "Parameters drawn from the seed: binary32, little-endian, hex; of large models only their SHA-256.",
    seed: toHex(SEED),
    initializers: INITIALIZERS.map((initializer) => {
      const config = { batch_input_shape: [null, 3], units: 4, kernel_initializer: initializer };
      const model = parseLayersModel(
        sequential(layer("Dense", "only", { ...config, bias_initializer: "randomUniform" })),
      );
      return { initializer, parameters: toHex(bytesOfFloats(initialParameters(model, SEED))) };
    }),
    models: Object.values({ ...TEST_MODELS, ...BEYOND_TFJS }).map((modelOf) =>
      described(modelOf()),
    ),
  };
}

export function presetVectors(): object {
  const shapes: readonly (readonly number[])[] = [[4], [28, 28, 1], [7, 5, 3]];
  return {
    about:
      "text: the canonical topology, spec.model its SHA-256; parameters as in initial-weights.",
    seed: toHex(SEED),
    presets: PRESET_NAMES.flatMap((preset) =>
      shapes
        .filter(({ length }) => length === 3 || (preset !== "lenet" && preset !== "cnn"))
        // Over a million values that say nothing new.
        .filter(([side = 0]) => side < 10 || preset !== "cnn")
        .map((shape) => {
          const options = { inputShape: shape, classes: 3 };
          const model = parseLayersModel(presetModel(preset, options));
          const text = new TextDecoder().decode(canonicalJson(model.json));
          const { topology, ...facts } = described(model);
          return { preset, shape, classes: 3, text, ...facts };
        }),
    ),
  };
}

function described(model: LayersModel) {
  return {
    topology: model.json,
    sha256: toHex(sha256(canonicalJson(model.json))),
    tensors: model.parameters.map(({ name, shape }) => ({ name, shape })),
    parameterCount: model.parameterCount,
    initialParameters: toHex(parametersHash(initialParameters(model, SEED))),
  };
}
