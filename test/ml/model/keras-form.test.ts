import { expect } from "chai";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { ModelError } from "../../../ml/model/model-error.ts";
import { readLayersModel } from "../../../ml/model/read-layers-model.ts";
import { seedOf } from "../../helpers/models.ts";
import { filesOf, PlainTfjs } from "../../helpers/plain-tfjs.ts";

type Json = Record<string, unknown>;

/** As Keras 3 serialises what is not a plain value. */
const object = (module: string, class_name: string, config: object = {}): Json => ({
  module,
  class_name,
  config,
  registered_name: null,
});

const tensor = (from: string): Json => ({
  class_name: "__keras_tensor__",
  config: { shape: [null, 2], dtype: "float32", keras_history: [from, 0, 0] },
});

const dense3 = (name: string, units: number, activation: unknown, more: object = {}): Json => ({
  ...object("keras.layers", "Dense", {
    name,
    trainable: true,
    dtype: object("keras", "DTypePolicy", { name: "float32" }),
    units,
    activation,
    use_bias: true,
    kernel_initializer: object("keras.initializers", "GlorotUniform", { seed: null }),
    bias_initializer: object("keras.initializers", "Zeros"),
    kernel_regularizer: null,
    kernel_constraint: null,
    quantization_config: null,
    ...more,
  }),
  build_config: { input_shape: [null, 2] },
});

const input3 = (name = "features"): Json =>
  object("keras.layers", "InputLayer", {
    batch_shape: [null, 2],
    dtype: "float32",
    sparse: false,
    ragged: false,
    optional: false,
    name,
  });

const called = (layer: Json, args: unknown[], kwargs: object = {}): Json => ({
  ...layer,
  name: (layer.config as Json).name,
  inbound_nodes: args.length === 0 ? [] : [{ args, kwargs }],
});

/** A graph as Keras 3 writes it: input, two branches, their sum, the head. */
function functional({
  flat = false,
  kwargs = {},
  head = {},
}: {
  flat?: boolean;
  kwargs?: object;
  head?: object;
} = {}): Json {
  const ends = (name: string) => (flat ? [name, 0, 0] : [[name, 0, 0]]);
  return {
    module: "keras.src.models.functional",
    class_name: "Functional",
    registered_name: "Functional",
    config: {
      name: "functional",
      trainable: true,
      layers: [
        called(input3(), []),
        called(dense3("left", 4, "relu"), [tensor("features")], kwargs),
        called(
          dense3("right", 4, object("builtins", "function", {}), {
            activation: {
              module: "builtins",
              class_name: "function",
              config: "tanh",
              registered_name: "function",
            },
          }),
          [tensor("features")],
        ),
        called(object("keras.layers", "Add", { name: "both", trainable: true }), [
          [tensor("left"), tensor("right")],
        ]),
        called(dense3("head", 3, "softmax", head), [tensor("both")]),
      ],
      input_layers: ends("features"),
      output_layers: ends("head"),
    },
    build_config: { input_shape: null },
  };
}

function sequential(layers: readonly Json[], more: object = {}): Json {
  return {
    class_name: "Sequential",
    config: { name: "sequential", trainable: true, layers, ...more },
  };
}

const plain = new PlainTfjs();
after(() => plain.stop());

/** Outputs of a model with first weights, by us and by tfjs as its users have it, from the files alone. */
async function bothPredictions(json: unknown): Promise<{ ours: number[]; theirs: number[] }> {
  const model = parseLayersModel(json);
  const parameters = initialParameters(model, seedOf(7));
  const rows = Float32Array.of(0.5, -1, 2, 0.25);
  const count = rows.length / model.inputSize;
  const theirs = [...(await plain.predict(filesOf(model, parameters), rows, count))];
  const trainer = await (await createExactEngine()).open(model, {
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 },
    batchSize: 4,
    loss: "categoricalCrossentropy",
  });
  trainer.load(parameters);
  const ours = [...trainer.predict(rows, count)];
  trainer.dispose();
  return { ours, theirs };
}

async function expectEqualPredictions(json: unknown): Promise<void> {
  const { ours, theirs } = await bothPredictions(json);
  expect(ours).to.have.length(theirs.length);
  ours.forEach((value, i) => {
    expect(value).to.be.closeTo(theirs[i] ?? Number.NaN, 1e-5);
  });
}

async function refusal(json: unknown): Promise<ModelError> {
  try {
    await readLayersModel(json);
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error("the model was accepted");
}

describe("models as Keras 3 writes them", () => {
  for (const flat of [false, true]) {
    it(`open in plain tfjs with equal predictions: graph with ${flat ? "flat" : "nested"} ends`, async () => {
      await expectEqualPredictions({
        format: "layers-model",
        modelTopology: { model_config: functional({ flat }) },
      });
    });
  }

  it("open when they are sequential, with the input as a layer, beside the first layer, or of the model", async () => {
    const body = [dense3("hidden", 4, "relu"), dense3("head", 3, "softmax")];
    await expectEqualPredictions(sequential([input3(), ...body]));
    await expectEqualPredictions(sequential(body, { build_input_shape: [null, 2] }));
    await expectEqualPredictions(sequential(body));
  });

  it("take the activation of LeakyReLU under its new name", async () => {
    const leaky = object("keras.layers", "LeakyReLU", { name: "leaky", negative_slope: 0.4 });
    await expectEqualPredictions(
      sequential([input3(), dense3("a", 4, "linear"), leaky, dense3("b", 2, "softmax")]),
    );
  });

  it("stay the same when a stored model is read again", () => {
    const { json } = parseLayersModel(functional({ flat: true }));
    expect(parseLayersModel(json).json).to.deep.equal(json);
    expect(JSON.stringify(json)).not.to.match(
      /registered_name|keras_history|build_config|batch_shape/,
    );
  });

  it("are refused, with layer and field, if they would compute something else", async () => {
    const cases: [unknown, string, RegExp][] = [
      [functional({ kwargs: { training: false } }), "left", /training = false/],
      [functional({ kwargs: { mask: tensor("features") } }), "left", /mask/],
      [
        functional({ head: { dtype: object("keras", "DTypePolicy", { name: "mixed_float16" }) } }),
        "head",
        /dtype is "mixed_float16"/,
      ],
      [functional({ head: { dtype: "float64" } }), "head", /dtype is "float64"/],
      [functional({ head: { lora_rank: 4 } }), "head", /lora_rank is 4/],
      [
        functional({
          head: {
            activation: { class_name: "function", config: { code: "x" }, module: "builtins" },
          },
        }),
        "head",
        /activation is a function of its own/,
      ],
      [
        sequential([input3(), { ...dense3("own", 2, "softmax"), registered_name: "my>Dense" }]),
        "own",
        /custom object "my>Dense"/,
      ],
      [
        sequential([
          { ...input3(), config: { ...(input3().config as Json), sparse: true } },
          dense3("b", 2, "softmax"),
        ]),
        "features",
        /sparse is true/,
      ],
      [
        sequential([input3(), dense3("b", 2, "softmax")], { trainable: false }),
        "sequential",
        /trainable is false for the whole model/,
      ],
    ];
    for (const [json, layer, message] of cases) {
      const error = await refusal(json);
      expect(error.facts, error.message).to.include({ code: "BAD_CONFIG", layer });
      expect(error.message).to.match(message);
      expect(error.remedy, error.message).to.be.a("string");
    }
  });
});

describe("names of layers", () => {
  const named = (first: string, second: string): Json =>
    sequential([input3(), dense3(first, 4, "relu"), dense3(second, 2, "softmax")]);

  it("may hold slashes, as those of Keras applications do", async () => {
    const model = parseLayersModel(named("block1/dense", "head/probs"));
    expect(model.parameters[0]?.name).to.equal("block1/dense/kernel");
    expect(model.notes).to.deep.equal([]);
    await expectEqualPredictions(named("block1/dense", "head/probs"));
  });

  it("are changed if tfjs could not load them, with a note", async () => {
    const json = named("hidden layer 1", "ausgabe_größe");
    const { parameters, notes } = parseLayersModel(json);
    expect(parameters.map(({ name }) => name)).to.deep.equal([
      "hidden_layer_1/kernel",
      "hidden_layer_1/bias",
      "ausgabe_grosse/kernel",
      "ausgabe_grosse/bias",
    ]);
    expect(notes[0]).to.contain('"hidden layer 1"').and.contain('"hidden_layer_1"');
    await expectEqualPredictions(json);
  });

  it("stay apart when they are changed, also in the edges of a graph", async () => {
    const names = ["a b", "a_b", "_", "日本", "-x", "constructor", "a:0"];
    const layers = names.map((name, i) =>
      called(
        dense3(name, i === names.length - 1 ? 2 : 3, i === names.length - 1 ? "softmax" : "relu"),
        [tensor(i === 0 ? "the input" : (names[i - 1] ?? ""))],
      ),
    );
    const json = {
      class_name: "Functional",
      config: {
        name: "odd names",
        layers: [called(input3("the input"), []), ...layers],
        input_layers: ["the input", 0, 0],
        output_layers: [["a:0", 0, 0]],
      },
    };
    const all = parseLayersModel(json).parameters.map(({ name }) => name);
    expect(new Set(all).size).to.equal(2 * names.length);
    await expectEqualPredictions(json);
  });

  it("are refused when they are no text, or too long", async () => {
    for (const name of ["", "x".repeat(200), 5]) {
      const error = await refusal(
        sequential([input3(), dense3("a", 2, "relu", { name }), dense3("b", 2, "softmax")]),
      );
      expect(error.facts).to.include({
        code: "NOT_A_MODEL",
        field: "config.layers[1].config.name",
      });
    }
  });
});

describe("what a client reads of a broken model", () => {
  /** Every copy with one value of the JSON deleted or replaced. */
  function* mutations(json: unknown): Generator<[string, unknown]> {
    const paths: (string | number)[][] = [];
    const walk = (value: unknown, path: (string | number)[]): void => {
      if (path.length > 0) paths.push(path);
      if (typeof value !== "object" || value === null) return;
      for (const [key, item] of Object.entries(value)) {
        walk(item, [...path, Array.isArray(value) ? Number(key) : key]);
      }
    };
    walk(json, []);
    const DELETED = Symbol("deleted");
    for (const path of paths) {
      for (const to of [DELETED, null, [], {}, "x", -1, [[null]]]) {
        const copy = structuredClone(json);
        const last = path.at(-1) ?? "";
        let at = copy as Record<string | number, unknown>;
        for (const key of path.slice(0, -1)) at = at[key] as typeof at;
        if (to !== DELETED) at[last] = to;
        else if (Array.isArray(at)) at.splice(Number(last), 1);
        else delete at[last];
        yield [
          `${path.join(".")} -> ${String(to === DELETED ? "deleted" : JSON.stringify(to))}`,
          copy,
        ];
      }
    }
  }
  const INTERNAL = /Cannot read|undefined|is not a function|is not iterable|\[object|NaN/;

  async function expectPlainRefusals(json: unknown): Promise<number> {
    let refused = 0;
    for (const [what, mutation] of mutations(json)) {
      try {
        await readLayersModel(mutation);
      } catch (error) {
        refused++;
        if (!(error instanceof ModelError))
          throw new Error(`${what}: ${String(error)}`, { cause: error });
        expect(error.message, what).not.to.match(INTERNAL);
        expect(error.remedy ?? "", what).not.to.equal("");
      }
    }
    return refused;
  }

  it("is refused with a typed error and a remedy, whatever is wrong with it", async function () {
    this.timeout(120_000);
    expect(await expectPlainRefusals(functional())).to.be.greaterThan(100);
    const { json } = parseLayersModel(functional({ flat: true }));
    expect(await expectPlainRefusals(json)).to.be.greaterThan(100);
  });

  it("is refused so for models that only tfjs can build, too, with the name of the layer", async function () {
    this.timeout(120_000);
    const crop = object("keras.layers", "Cropping2D", {
      name: "crop",
      batch_input_shape: [null, 6, 6, 1],
      cropping: [
        [1, 1],
        [1, 1],
      ],
    });
    const flatten = object("keras.layers", "Flatten", { name: "flat" });
    const json = sequential([crop, flatten, dense3("head", 2, "softmax")]);
    expect((await readLayersModel(json)).exactRefusal).to.include({ layer: "crop" });
    expect(await expectPlainRefusals(json)).to.be.greaterThan(50);
    const broken = sequential([crop, flatten, dense3("head", 2, "sideways")]);
    const error = await refusal(broken);
    expect(error.facts).to.include({ code: "BAD_CONFIG", layer: "head" });
  });
});
