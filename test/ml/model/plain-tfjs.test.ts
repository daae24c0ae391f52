/** Whatever is accepted as a model opens in tfjs as its users have it, and predicts the same there. */
import { expect } from "chai";
import type { Engine } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { type LayersModel, parseLayersModel } from "../../../ml/model/layers-model.ts";
import { ModelError } from "../../../ml/model/model-error.ts";
import { PRESET_NAMES, presetModel } from "../../../ml/model/presets.ts";
import { readLayersModel } from "../../../ml/model/read-layers-model.ts";
import { Random } from "../../../ml/random.ts";
import { createTfjsEngine } from "../../../ml/tfjs/engine.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import {
  BEYOND_TFJS,
  batchOf,
  dropoutModel,
  graph,
  type LayerJson,
  layer,
  seedOf,
  sequential,
  TEST_MODELS,
} from "../../helpers/models.ts";
import { filesOf, PlainTfjs } from "../../helpers/plain-tfjs.ts";

/** Changes of a field that are tried. */
const RUNS = Number(process.env.POML_FUZZ_RUNS ?? 400);
const SEED = Number(process.env.POML_FUZZ_SEED ?? 5);
const ROWS = 6;
const STEP = {
  optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0 },
  batchSize: ROWS,
  loss: "meanSquaredError",
} as const;
const SHAPES = [[1], [7], [8, 5], [28, 28], [12, 12, 1], [9, 10, 3], [4, 4, 4, 2]];

const dense = (name: string, config: object = {}): LayerJson =>
  layer("Dense", name, { units: 3, ...config });
const first = (name: string, config: object = {}): LayerJson =>
  dense(name, { batch_input_shape: [null, 4], ...config });
const output = dense("output", { activation: "softmax" });
const embedding = { input_dim: 6, output_dim: 3, input_length: 5 };

/** What people send, in spellings that tfjs and Keras have. */
const SENT: Readonly<Record<string, object>> = {
  "names with slashes, dots and numbers": sequential(
    first("block1/conv.0/dense-1"),
    dense("0"),
    dense("block1/conv.0"),
  ),
  "a long name": sequential(first("n".repeat(128)), output),
  "names that begin alike": sequential(first("a"), dense("a/kernel"), dense("a_input_1"), output),
  "no names": JSON.parse(
    JSON.stringify(sequential(first("a"), output)).replace(/"name":"(a|output)",/g, ""),
  ),
  "the input shape of Keras 3": sequential(
    layer("InputLayer", "in", { batch_shape: [null, 4] }),
    output,
  ),
  "a fixed batch size": sequential(first("a", { batch_input_shape: [32, 4] }), output),
  "initializers as Keras writes them": sequential(
    first("a", { kernel_initializer: { class_name: "LecunNormal", config: { seed: null } } }),
    dense("b", { kernel_initializer: "lecun_uniform", bias_initializer: "constant" }),
    dense("c", { kernel_initializer: { class_name: "HeNormal" }, bias_initializer: "Zeros" }),
    dense("d", { kernel_initializer: { class_name: "glorot_uniform", config: {} } }),
    dense("e", { bias_initializer: { class_name: "Constant", config: { value: 0.5 } } }),
  ),
  "whole numbers as input": sequential(
    layer("InputLayer", "in", { batch_input_shape: [null, 5], dtype: "int32" }),
    layer("Embedding", "embedding", embedding),
    layer("LSTM", "lstm", { units: 4, activation: "linear", recurrent_activation: "linear" }),
    output,
  ),
  "activations that are null": sequential(first("a", { activation: null }), output),
  "a model without a softmax": sequential(first("a", { activation: "hard_sigmoid" })),
  "a reshape before and a flattening after a recurrent layer": sequential(
    layer("Reshape", "r", { batch_input_shape: [null, 12], target_shape: [3, 4] }),
    layer("GRU", "gru", { units: 3, return_sequences: true }),
    layer("Flatten", "flat"),
    output,
  ),
  "a graph in any order, called Functional": {
    ...graph(
      [layer("InputLayer", "in", { batch_input_shape: [null, 4] })],
      [dense("a/left"), "in"],
      [layer("Add", "sum"), "a/left", "b/right"],
      [dense("b/right"), "in"],
      [output, "sum"],
    ),
    class_name: "Functional",
  },
};

/** Layers that our engine leaves to tfjs. */
const TFJS_ONLY: Readonly<Record<string, object>> = {
  "layers with weights": sequential(
    layer("Conv2D", "a/conv", { batch_input_shape: [null, 6, 6, 2], filters: 2, kernel_size: 2 }),
    layer("PReLU", "slopes"),
    layer("Conv2DTranspose", "wider", { filters: 3, kernel_size: 2 }),
    layer("Reshape", "rows", { target_shape: [12, 9] }),
    layer("Bidirectional", "both", {
      layer: layer("LSTM", "inner", { units: 3, return_sequences: true }),
      merge_mode: "concat",
    }),
    layer("TimeDistributed", "each", { layer: layer("Dense", "each_inner", { units: 2 }) }),
    layer("Bidirectional", "both_2", { layer: layer("GRU", "inner_2", { units: 2 }) }),
    output,
  ),
  "layers without weights": sequential(
    layer("ZeroPadding2D", "pad", { batch_input_shape: [null, 4, 4, 2] }),
    layer("ELU", "elu"),
    layer("Cropping2D", "crop", { cropping: 1 }),
    layer("UpSampling2D", "up"),
    layer("Permute", "turn", { dims: [3, 1, 2] }),
    layer("Flatten", "flat"),
    layer("ThresholdedReLU", "threshold"),
    output,
  ),
};

describe("plain tfjs", function () {
  this.timeout(60_000 + RUNS * 100);
  let plain: PlainTfjs;
  let exact: Engine;

  before(async () => {
    plain = new PlainTfjs();
    exact = await createExactEngine();
  });
  after(() => plain.stop());

  /** The largest difference of predictions after one step of training. */
  const difference = async (model: LayersModel, engine: Engine): Promise<number> => {
    const trainer = await engine.open(model, STEP);
    trainer.load(initialParameters(model, seedOf(3)));
    const { inputs, labels } = batchOf(model, ROWS, 1);
    trainer.step(inputs, labels, ROWS, 0);
    const ours = trainer.predict(inputs, ROWS);
    const theirs = await plain.predict(filesOf(model, trainer.parameters()), inputs, ROWS);
    trainer.dispose();
    expect(theirs.length).to.equal(ours.length);
    return ours.reduce((top, value, i) => Math.max(top, Math.abs(value - (theirs[i] ?? 9))), 0);
  };

  for (const name of PRESET_NAMES) {
    it(`opens preset ${name} for every shape that it takes`, async () => {
      const opened = [];
      for (const inputShape of SHAPES) {
        let json: object;
        try {
          json = presetModel(name, { inputShape, classes: 3 });
        } catch (error) {
          expect(error).to.be.instanceOf(ModelError).with.property("code", "BAD_PRESET_SHAPE");
          continue;
        }
        opened.push(inputShape);
        expect(await difference(parseLayersModel(json), exact), `${inputShape}`).to.be.below(1e-5);
      }
      expect(opened.length).to.equal(name === "cnn" || name === "lenet" ? 2 : SHAPES.length);
    });
  }

  const accepted = {
    ...TEST_MODELS,
    ...BEYOND_TFJS,
    dropout: dropoutModel,
    ...Object.fromEntries(
      Object.entries(SENT).map(([name, json]) => [name, () => parseLayersModel(json)]),
    ),
  };
  for (const [name, modelOf] of Object.entries(accepted)) {
    it(`opens a model with ${name}`, async () => {
      expect(await difference(modelOf(), exact)).to.be.below(1e-5);
    });
  }

  for (const [name, json] of Object.entries(TFJS_ONLY)) {
    it(`opens a model of the tfjs engine with ${name}`, async () => {
      const tfjs = await createTfjsEngine(() => undefined);
      const model = await readLayersModel(json);
      expect(model.exactRefusal).not.to.equal(null);
      expect(await difference(model, tfjs)).to.be.below(1e-5);
    });
  }

  it("opens every model that is accepted, however a field of it was changed", async () => {
    const random = new Random(seedOf(SEED));
    const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T;
    const bases = Object.values({ ...TEST_MODELS, ...BEYOND_TFJS }).map(
      (modelOf) => modelOf().json,
    );
    const counts = { opened: 0, refused: 0 };
    for (let round = 0; round < RUNS; round++) {
      const json = structuredClone(pick(bases)) as unknown as { config: { layers: LayerJson[] } };
      const { config } = pick(json.config.layers);
      const field = pick(random.below(2) === 0 ? FIELDS : Object.keys(config));
      Object.assign(config, { [field]: pick(VALUES) });
      let model: LayersModel;
      try {
        model = parseLayersModel(json);
      } catch (error) {
        expect(error, field).to.be.instanceOf(ModelError);
        counts.refused++;
        continue;
      }
      expect(await difference(model, exact), JSON.stringify(config)).to.be.below(1e-5);
      counts.opened++;
    }
    expect(counts.opened, JSON.stringify(counts)).to.be.above(100);
    expect(counts.refused, JSON.stringify(counts)).to.be.above(100);
  });

  const REFUSED: readonly (readonly [what: string, says: string, json: object])[] = [
    ["flattening what is flat", '"flat"', sequential(first("a"), layer("Flatten", "flat"), output)],
    ["the name of the hidden input", '"a_input"', sequential(first("a"), dense("a_input"))],
    ["a key in camel case", "useBias", sequential(first("a", { useBias: false }), output)],
    ["a key with two underscores", "use__bias", sequential(first("a", { use__bias: 0 }), output)],
    ["weights in the description", "weights", sequential(first("a", { weights: [1] }), output)],
    ["half precision", "float16", sequential(first("a", { dtype: "float16" }), output)],
    ["an activation in capitals", '"relu"', sequential(first("a", { activation: "ReLU" }), output)],
    ["leaky_relu", "LeakyReLU", sequential(first("a", { activation: "leaky_relu" }), output)],
    ["a batch size of text", "null", sequential(first("a", { batch_input_shape: ["x", 4] }))],
    ["two input shapes", "input_shape", sequential(first("a", { input_shape: [4] }), output)],
    [
      "a reshape with a free side",
      "[3,4]",
      sequential(
        layer("Reshape", "r", { batch_input_shape: [null, 12], target_shape: [-1, 4] }),
        layer("Flatten", "flat"),
        output,
      ),
    ],
    ["a shape that does not come", "[3]", sequential(first("a"), dense("b", { input_shape: [4] }))],
    [
      "a window of the wrong rank",
      "kernel_size",
      sequential(
        layer("Conv1D", "conv", {
          batch_input_shape: [null, 9, 2],
          filters: 2,
          kernel_size: [2, 2],
        }),
        layer("Flatten", "flat"),
        output,
      ),
    ],
    [
      "a call with arguments",
      "without arguments",
      JSON.parse(
        JSON.stringify(
          graph([layer("InputLayer", "in", { batch_input_shape: [null, 4] })], [output, "in"]),
        ).replace("{}]", '{"training":true}]'),
      ),
    ],
    [
      "a layer that leads nowhere",
      '"beside"',
      graph(
        [layer("InputLayer", "in", { batch_input_shape: [null, 4] })],
        [dense("beside"), "in"],
        [output, "in"],
      ),
    ],
  ];
  for (const [what, says, json] of REFUSED) {
    it(`is not asked to open ${what}, which it would refuse or read otherwise`, () => {
      let error: unknown;
      try {
        parseLayersModel(json);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(ModelError);
      const { message, code, remedy } = error as ModelError;
      expect(code).to.be.oneOf(["BAD_CONFIG", "NOT_A_MODEL"]);
      expect(`${message}; ${remedy}`).to.include(says);
    });
  }

  it("sees a difference where there is one", async () => {
    const model = parseLayersModel(sequential(first("a"), output));
    const parameters = initialParameters(model, seedOf(3));
    const { inputs } = batchOf(model, ROWS, 1);
    const files = filesOf(model, parameters);
    const ours = await plain.predict(files, inputs, ROWS);
    parameters[0] = (parameters[0] ?? 0) + 1;
    const theirs = await plain.predict(filesOf(model, parameters), inputs, ROWS);
    expect(theirs).not.to.deep.equal(ours);
    const broken = new TextDecoder().decode(files["model.json"]).replace("a/kernel", "b/kernel");
    const { refusal } = await plain.ask(
      { ...files, "model.json": new TextEncoder().encode(broken) },
      inputs,
      ROWS,
    );
    expect(refusal).to.include("b/kernel");
    expectCode(() => parseLayersModel(sequential(first("a", { units: 0 }))), "BAD_CONFIG");
  });
});

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  2,
  -1,
  0.5,
  "",
  "relu",
  "Relu",
  "same",
  "channels_first",
  "channels_last",
  "channelsLast",
  "float32",
  "int32",
  "float16",
  "hardSigmoid",
  "softmax",
  "lecun_normal",
  "Zeros",
  [],
  [1],
  [2],
  [2, 2],
  [1, 1],
  [null, 4],
  {},
  { class_name: "Zeros" },
  { class_name: "VarianceScaling", config: { scale: -1 } },
];
const FIELDS: readonly string[] = [
  ...["activation", "recurrent_activation", "units", "filters", "kernel_size", "pool_size"],
  ...["strides", "dilation_rate", "padding", "data_format", "use_bias", "trainable", "dtype"],
  ...["batch_size", "input_dtype", "input_shape", "batch_input_shape", "batch_shape", "name"],
  ...["input_dim", "input_length", "output_dim", "mask_zero", "axis", "epsilon", "momentum"],
  ...["center", "scale", "rate", "seed", "alpha", "max_value", "depth_multiplier", "groups"],
  ...["go_backwards", "stateful", "return_state", "return_sequences", "unroll", "time_major"],
  ...["implementation", "unit_forget_bias", "weights", "kernel_initializer", "bias_initializer"],
  ...["depthwise_initializer", "pointwise_initializer", "gamma_initializer", "cell", "layer"],
  ...["kernel_regularizer", "activity_regularizer", "useBias", "dataFormat", "negative_slope"],
];
