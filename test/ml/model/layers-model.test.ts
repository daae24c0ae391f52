import { expect } from "chai";
import fc from "fast-check";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { ModelError } from "../../../ml/model/model-error.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { layer, seedOf, sequential, TEST_MODELS, graph as wiring } from "../../helpers/models.ts";

const first = (config: object): ReturnType<typeof layer> =>
  layer("Dense", "first", { batch_input_shape: [null, 4], units: 5, ...config });
const last = layer("Dense", "last", { units: 3, activation: "softmax" });

/** Two inputs, of which the model names some, and one softmax layer, wired as told. */
function graph(inbound: unknown, inputs: readonly string[] = ["in"]): object {
  const input = (name: string) => ({
    class_name: "InputLayer",
    name,
    config: { name, batch_input_shape: [null, 4] },
    inbound_nodes: [],
  });
  const output = { name: "out", units: 3, activation: "softmax" };
  return {
    class_name: "Model",
    config: {
      layers: [
        input("in"),
        input("other"),
        { class_name: "Dense", name: "out", config: output, inbound_nodes: [inbound] },
      ],
      input_layers: inputs.map((name) => [name, 0, 0]),
      output_layers: [["out", 0, 0]],
    },
  };
}

describe("parseLayersModel", () => {
  it("reads the three JSON forms alike", () => {
    const topology = sequential(first({ activation: "relu" }), last);
    const bare = parseLayersModel(topology);
    expect(parseLayersModel({ modelTopology: topology, weightsManifest: [] })).to.deep.equal(bare);
    expect(parseLayersModel({ modelTopology: { model_config: topology } })).to.deep.equal(bare);
    expect(parseLayersModel(bare.json)).to.deep.equal(bare);
  });

  it("lays parameters out in tfjs order without gaps", () => {
    const model = parseLayersModel(sequential(first({ use_bias: false }), last));
    expect(
      model.parameters.map(({ name, shape, offset }) => ({ name, shape, offset })),
    ).to.deep.equal([
      { name: "first/kernel", shape: [4, 5], offset: 0 },
      { name: "last/kernel", shape: [5, 3], offset: 20 },
      { name: "last/bias", shape: [3], offset: 35 },
    ]);
    expect(model.parameterCount).to.equal(38);
    expect(model.classes).to.equal(3);
    // 6 operations a multiply-add, 4 in the first layer, whose inputs need no gradient.
    expect(model.flopsPerSample).to.equal(4 * 20 + 6 * 15);
  });

  it("infers convolution and pooling shapes for both paddings and strides", () => {
    const model = parseLayersModel(
      sequential(
        layer("Conv2D", "conv", {
          batch_input_shape: [null, 9, 8, 2],
          filters: 4,
          kernel_size: [3, 2],
          strides: 2,
          padding: "same",
        }),
        layer("MaxPooling2D", "pool", { pool_size: 2, strides: 1, padding: "valid" }),
        layer("Flatten", "flatten"),
        last,
      ),
    );
    const [conv, pool, dense] = model.layers ?? [];
    expect(conv).to.deep.include({ kind: "conv2d", filters: 4 });
    expect(conv).to.have.nested.include({
      "window.outputHeight": 5,
      "window.outputWidth": 4,
      "window.padTop": 1,
      "window.padLeft": 0,
    });
    expect(pool).to.have.nested.include({ "window.outputHeight": 4, "window.outputWidth": 3 });
    expect(dense).to.include({ kind: "dense", inputSize: 48, outputSize: 3 });
  });

  it("lists the weights of composed layers as tfjs does", () => {
    const model = parseLayersModel(
      sequential(
        layer("SeparableConv2D", "separable", {
          batch_input_shape: [null, 5, 5, 2],
          filters: 4,
          kernel_size: 3,
          depth_multiplier: 3,
        }),
        layer("BatchNormalization", "norm", { scale: false }),
        layer("Reshape", "rows", { target_shape: [9, 4] }),
        layer("LSTM", "lstm", { units: 2, unit_forget_bias: true }),
        last,
      ),
    );
    expect(model.parameters.map(({ name, shape }) => `${name} ${shape.join("x")}`)).to.deep.equal([
      "separable/depthwise_kernel 3x3x2x3",
      "separable/pointwise_kernel 1x1x6x4",
      "separable/bias 4",
      "norm/beta 4",
      "norm/moving_mean 4",
      "norm/moving_variance 4",
      "lstm/kernel 4x8",
      "lstm/recurrent_kernel 2x8",
      "lstm/bias 8",
      "last/kernel 2x3",
      "last/bias 3",
    ]);
    const start = initialParameters(model, seedOf(1));
    const bias = model.parameters.find(({ name }) => name === "lstm/bias");
    const from = bias?.offset ?? 0;
    expect([...start.subarray(from, from + 8)]).to.deep.equal([0, 0, 1, 1, 0, 0, 0, 0]);
    expect(model.layers?.at(-3)).to.include({ kind: "lstm", steps: 9, inputSize: 4, size: 2 });
  });

  it("tells how a model ends, and how many classes its outputs distinguish", () => {
    const endings = [
      [
        { units: 3, activation: "softmax" },
        { ending: "softmax", classes: 3, outputSize: 3 },
      ],
      [
        { units: 1, activation: "softmax" },
        { ending: "other", classes: 2, outputSize: 1 },
      ],
      [
        { units: 1, activation: "sigmoid" },
        { ending: "sigmoid", classes: 2, outputSize: 1 },
      ],
      [
        { units: 4, activation: "sigmoid" },
        { ending: "sigmoid", classes: 4, outputSize: 4 },
      ],
      [
        { units: 4, activation: "relu" },
        { ending: "other", classes: 4, outputSize: 4 },
      ],
      [{ units: 4 }, { ending: "other", classes: 4, outputSize: 4 }],
    ] as const;
    for (const [config, expected] of endings) {
      expect(parseLayersModel(sequential(first(config)))).to.include(expected);
    }
    const rows = first({ batch_input_shape: [null, 5, 4], units: 3, activation: "softmax" });
    expect(parseLayersModel(sequential(rows))).to.include({ ending: "other", classes: 15 });
  });

  const merge = (className: string, config: object, units: number): object =>
    wiring(
      [layer("InputLayer", "in", { batch_input_shape: [null, 4] })],
      [layer("Dense", "left", { units: 5 }), "in"],
      [layer("Dense", "right", { units }), "in"],
      [layer(className, "merged", config), "left", "right"],
      [last, "merged"],
    );

  const refusals: readonly (readonly [string, string, unknown])[] = [
    ["a string", "NOT_A_MODEL", "model"],
    ["null", "NOT_A_MODEL", null],
    ["no layers", "NOT_A_MODEL", sequential()],
    ["an unknown layer", "UNSUPPORTED_LAYER", sequential(first({}), layer("Magic", "m"), last)],
    ["a repeated name", "NOT_A_MODEL", sequential(first({}), layer("Flatten", "first"), last)],
    ["no units", "BAD_CONFIG", sequential(first({ units: undefined }), last)],
    ["negative units", "BAD_CONFIG", sequential(first({ units: -1 }), last)],
    ["no input shape", "BAD_CONFIG", sequential(last)],
    ["an unknown input size", "BAD_CONFIG", sequential(first({ batch_input_shape: [null, null] }))],
    [
      "dropout of everything",
      "BAD_CONFIG",
      sequential(first({}), layer("Dropout", "d", { rate: 1 }), last),
    ],
    [
      "an unknown initializer",
      "BAD_CONFIG",
      sequential(first({ kernel_initializer: "magic" }), last),
    ],
    [
      "an initializer beyond all numbers",
      "BAD_CONFIG",
      sequential(
        first({ kernel_initializer: { class_name: "HeUniform", config: { scale: 1 } } }),
        layer("Dense", "d", {
          units: 2,
          kernel_initializer: { class_name: "VarianceScaling", config: { scale: 1.7e308 } },
        }),
        last,
      ),
    ],
    [
      "nothing to compute",
      "BAD_CONFIG",
      sequential(layer("Flatten", "flat", { batch_input_shape: [null, 4] })),
    ],
    [
      "too many parameters",
      "TOO_LARGE",
      sequential(first({ units: 4_000_000 }), layer("Dense", "wide", { units: 4_000_000 }), last),
    ],
    [
      "too large an image",
      "TOO_LARGE",
      sequential(layer("Flatten", "f", { batch_input_shape: [null, 99_999, 99_999, 3] }), last),
    ],
    ["a layer of tfjs alone", "NEEDS_TFJS", sequential(first({}), layer("ELU", "elu"), last)],
    ["an activation of tfjs alone", "NEEDS_TFJS", sequential(first({ activation: "elu" }), last)],
    [
      "a regularizer",
      "NEEDS_TFJS",
      sequential(first({ kernel_regularizer: { class_name: "L1L2" } }), last),
    ],
    ["a graph with an input beside it", "NEEDS_TFJS", graph([["in", 0, 0, {}]], ["in", "other"])],
    ["a graph whose input is not the layers' own", "NOT_A_MODEL", graph([["other", 0, 0, {}]])],
    ["a sum of different shapes", "NEEDS_TFJS", merge("Add", {}, 6)],
    ["a concatenation of the batch", "BAD_CONFIG", merge("Concatenate", { axis: 0 }, 6)],
    ["a concatenation beyond the inputs", "BAD_CONFIG", merge("Concatenate", { axis: 2 }, 6)],
    ["two inputs where one belongs", "BAD_CONFIG", merge("Dense", { units: 2 }, 5)],
    [
      "a reshape to another size",
      "BAD_CONFIG",
      sequential(first({}), layer("Reshape", "r", { target_shape: [2, -1] }), last),
    ],
    [
      "strides with dilation",
      "BAD_CONFIG",
      sequential(
        layer("Conv2D", "c", {
          batch_input_shape: [null, 9, 9, 1],
          filters: 1,
          kernel_size: 3,
          strides: 2,
          dilation_rate: 2,
        }),
        layer("Flatten", "flat"),
        last,
      ),
    ],
    [
      "dropout inside a cell",
      "NEEDS_TFJS",
      sequential(
        layer("GRU", "gru", { batch_input_shape: [null, 4, 2], units: 2, dropout: 0.5 }),
        last,
      ),
    ],
    [
      "a normalisation of another axis",
      "NEEDS_TFJS",
      sequential(
        layer("LayerNormalization", "n", { batch_input_shape: [null, 4, 2], axis: 1 }),
        layer("Flatten", "flat"),
        last,
      ),
    ],
    ["a layer that waits for itself", "NOT_A_MODEL", graph([["out", 0, 0, {}]])],
    ["an input that is not there", "NOT_A_MODEL", graph([["nobody", 0, 0, {}]])],
    ["a node that never comes", "NOT_A_MODEL", graph([["in", 7, 0, {}]])],
  ];
  for (const [what, code, json] of refusals) {
    it(`refuses ${what}: ${code}`, () => {
      const error = expectCode(() => parseLayersModel(json), code);
      expect(error.remedy).to.be.a("string").that.is.not.empty;
    });
  }

  it("names the layer and the known layers when it refuses a class", () => {
    const error = expectCode(
      () => parseLayersModel(sequential(layer("Magic", "m"))),
      "UNSUPPORTED_LAYER",
    );
    expect(error.message).to.include('"m"').and.to.include("Magic");
    expect(error.remedy).to.include("Conv2D");
  });

  it("refuses hostile nesting and names that reach prototypes", () => {
    let deep: unknown = {};
    for (let depth = 0; depth < 10_000; depth++) deep = { modelTopology: deep };
    expectCode(() => parseLayersModel(deep), "TOO_LARGE");
    expectCode(
      () => parseLayersModel(JSON.parse('{"__proto__":{"class_name":"Sequential"}}')),
      "NOT_A_MODEL",
    );
    expectCode(() => parseLayersModel({ list: new Array(100_000).fill(0) }), "TOO_LARGE");
  });

  it("treats fields that every object inherits as unknown ones", () => {
    for (const field of ["valueOf", "toString", "constructor", "hasOwnProperty"]) {
      const damaged = presetModel("lenet", { inputShape: [8, 8, 1], classes: 3 });
      setPath(damaged, ["config", "layers", "1", "config", field], "");
      expect(() => parseLayersModel(damaged), field).not.to.throw(TypeError);
    }
  });

  it("never throws anything but ModelError on JSON, however a valid model is damaged", () => {
    const valid = [
      presetModel("lenet", { inputShape: [8, 8, 1], classes: 3 }),
      ...Object.values(TEST_MODELS).map((modelOf) => modelOf().json),
    ];
    const places = valid.flatMap((json) => {
      const paths: (string | number)[][] = [];
      collectPaths(json, [], paths);
      return paths.map((path) => ({ json, path }));
    });
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), ({ json, path }, value) => {
        const damaged: unknown = structuredClone(json);
        setPath(damaged, path, value);
        try {
          parseLayersModel(damaged);
        } catch (error) {
          expect(error).to.be.instanceOf(ModelError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

function collectPaths(value: unknown, at: (string | number)[], paths: (string | number)[][]): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    paths.push([...at, key]);
    collectPaths(member, [...at, key], paths);
  }
}

function setPath(root: unknown, path: readonly (string | number)[], value: unknown): void {
  const parent = path.slice(0, -1).reduce<unknown>((node, key) => {
    return (node as Record<string | number, unknown>)[key];
  }, root);
  (parent as Record<string | number, unknown>)[path.at(-1) ?? ""] = value;
}
