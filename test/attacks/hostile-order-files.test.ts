/**
 * A client names files in its order that cost whoever reads them time or memory without end. Every one of them is read
 * by the real program in a real helper process; none may reach a limit of it, and each must end in a reason that any
 * other node comes to as well, or be harmless.
 */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { buildDataset } from "../../ml/dataset/build.ts";
import { canonicalJson } from "../../ml/dataset/canonical-json.ts";
import { encodeManifest } from "../../ml/dataset/manifest.ts";
import type { EngineName } from "../../ml/engine.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { operationsOf } from "../../ml/model/operations.ts";
import { readLayersModel } from "../../ml/model/read-layers-model.ts";
import { newHelper } from "../../node/compose/helpers.ts";
import { processUse } from "../../node/helpers/process-use.ts";
import type {
  Inspection,
  NamedFile,
  OrderFacts,
} from "../../node/jobs/train/orders/inspect-order.ts";
import { INSPECT_LIMITS } from "../../node/jobs/train/orders/order-inspector.ts";
import { SILENT } from "../../p2p/log.ts";
import { graph, layer, sequential } from "../helpers/models.ts";
import { TemporaryFolders } from "../helpers/temporary.ts";

const WIDTH = 8;
const CLASSES = 3;
const CALL = { signal: new AbortController().signal, turn: { group: "", member: "" } };
const MIB = 1024 * 1024;

const { manifest: MANIFEST } = buildDataset({
  name: "small",
  licence: "none",
  source: "made here",
  scale: 1,
  shape: [WIDTH],
  columns: [],
  classes: Array.from({ length: CLASSES }, (_, i) => `class ${i}`),
  train: rowsOf(48),
  test: rowsOf(12),
});

function rowsOf(count: number) {
  return {
    rowSize: WIDTH,
    features: new Float32Array(count * WIDTH).fill(0.5),
    labels: Uint16Array.from({ length: count }, (_, i) => i % CLASSES),
  };
}

const input = { batch_input_shape: [null, WIDTH] };
const output = layer("Dense", "output", { units: CLASSES, activation: "softmax" });
const dense = (config: object): object =>
  sequential(layer("Dense", "first", { ...input, units: 4, ...config }), output);
const GOOD = dense({});
const scaled = (config: object) =>
  dense({ kernel_initializer: { class_name: "VarianceScaling", config } });

function facts(model: object, engine: EngineName = "exact"): OrderFacts {
  return {
    engine,
    hyperparameters: { optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 }, batchSize: 8 },
    parameterCount: parseLayersModel(model).parameterCount,
    operations: operationsOf(parseLayersModel(model)),
    trainRows: 48,
    trainChunks: MANIFEST.train.length,
    testRows: 12,
    participants: 4,
  };
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** Layers in which each adds, or joins, the one before it to itself. */
function doubled(kind: "Add" | "Concatenate", count: number): object {
  const first = layer("InputLayer", "input", input);
  const layers = times(count, (i) => {
    const before = i === 0 ? "input" : `double${i - 1}`;
    return [layer(kind, `double${i}`), before, before] as const;
  });
  return graph([first], ...layers, [output, `double${count - 1}`]);
}

/** Many ways lead through it: each pair of layers reads both of the pair before. */
function lattice(pairs: number): object {
  const nodes = times(pairs, (i) => {
    const before = i === 0 ? ["input", "input"] : [`left${i - 1}`, `right${i - 1}`];
    return ["left", "right"].map((side) => [layer("Add", `${side}${i}`), ...before] as const);
  }).flat();
  const ends = [`left${pairs - 1}`, `right${pairs - 1}`];
  return graph(
    [layer("InputLayer", "input", input)],
    ...nodes,
    [layer("Add", "end"), ...ends],
    [output, "end"],
  );
}

function cyclic(): object {
  const model = graph(
    [layer("InputLayer", "input", input)],
    [layer("Add", "a"), "input", "b"],
    [layer("Add", "b"), "a", "a"],
    [output, "b"],
  );
  return model;
}

const nested = (depth: number): object =>
  times(depth, (i) => i).reduce<object>(
    (inner, i) => layer("TimeDistributed", `wrapper${i}`, { layer: inner }),
    layer("Dense", "inner", { units: 3 }),
  );

const MODELS: Readonly<Record<string, Uint8Array>> = {
  "a scale of 1e308": json(scaled({ scale: 1e308 })),
  "a scale that is infinite": utf8(JSON.stringify(scaled({ scale: "X" })).replace('"X"', "1e999")),
  "a scale below zero": json(scaled({ scale: -1 })),
  "a scale that is a text": json(scaled({ scale: "1" })),
  "limits of 1e308": json(
    dense({
      kernel_initializer: {
        class_name: "RandomUniform",
        config: { minval: -1e308, maxval: 1e308 },
      },
    }),
  ),
  "1e9 units": json(dense({ units: 1e9 })),
  "1e308 units": json(dense({ units: 1e308 })),
  "units that are no number": json(dense({ units: "4" })),
  "nesting of four million": utf8("[".repeat(4e6) + "]".repeat(4e6)),
  "nesting of 1,000 in a config": json(
    dense({ kernel_regularizer: times(1000, (i) => i).reduce<object>((a) => ({ a }), {}) }),
  ),
  "a name of 15 MB": json(sequential(layer("Dense", "x".repeat(15e6), { ...input, units: 4 }))),
  "a name of 15 MB of brackets": json(sequential(layer("Dense", "(".repeat(15e6), input))),
  "a million fields": utf8(`{${times(1e6, (i) => `"f${i}":0`).join()}}`),
  "seven million numbers": utf8(`[${"1,".repeat(7e6)}1]`),
  "100,000 layers": json(sequential(...times(1e5, (i) => layer("Flatten", `l${i}`)))),
  "layers that double what they get": json(doubled("Concatenate", 200)),
  "a circle": json(cyclic()),
  "a convolution over 1e9 places": json(
    sequential(
      layer("Conv1D", "first", {
        batch_input_shape: [null, 1e9, 1],
        filters: 2,
        kernel_size: 3,
      }),
    ),
  ),
  "a kernel of 1e9": json(
    sequential(
      layer("Reshape", "first", { ...input, target_shape: [WIDTH, 1] }),
      layer("Conv1D", "second", { filters: 1, kernel_size: 1e9 }),
    ),
  ),
  "an embedding of 1e9 rows": json(
    sequential(layer("Embedding", "first", { ...input, input_dim: 1e9, output_dim: 1e6 })),
  ),
  "forbidden names": utf8(
    '{"class_name":"Sequential","config":{"__proto__":{"layers":[]},"constructor":{}}}',
  ),
  "bytes that are no text": new Uint8Array(1e6).fill(0xff),
  nothing: new Uint8Array(),
  null: utf8("null"),
};

const TFJS_MODELS: Readonly<Record<string, Uint8Array>> = {
  "a row repeated 1e9 times": json(
    sequential(
      layer("RepeatVector", "first", { ...input, n: 1e9 }),
      layer("LSTM", "second", { units: 4 }),
      output,
    ),
  ),
  "images enlarged 1e9 times": json(
    sequential(
      layer("Reshape", "first", { ...input, target_shape: [2, 2, 2] }),
      layer("UpSampling2D", "second", { size: [1e9, 1e9] }),
      layer("GlobalAveragePooling2D", "third"),
      output,
    ),
  ),
  "images padded by 1e9": json(
    sequential(
      layer("Reshape", "first", { ...input, target_shape: [2, 2, 2] }),
      layer("ZeroPadding2D", "second", { padding: 1e9 }),
      layer("Flatten", "third"),
      output,
    ),
  ),
  "wrappers in wrappers": json(
    sequential({
      ...nested(30),
      config: { ...input, ...(nested(30) as { config: object }).config },
    } as never),
  ),
  "a scale of 1e308 beside a layer of tfjs": json(
    sequential(
      layer("Dense", "first", {
        ...input,
        units: 4,
        kernel_initializer: { class_name: "VarianceScaling", config: { scale: 1e308 } },
      }),
      layer("GaussianNoise", "second", { stddev: 1e308 }),
      output,
    ),
  ),
  "an orthogonal matrix of 7,000 x 7,000": json(
    sequential(
      layer("Dense", "first", { ...input, units: 6500 }),
      layer("Dense", "second", { units: 6500, kernel_initializer: "orthogonal" }),
      layer("GaussianNoise", "third", { stddev: 0.1 }),
      output,
    ),
  ),
};

/** Fields that nothing reads: they harm nobody. */
const HARMLESS: Readonly<Record<string, Uint8Array>> = {
  "a seed of 1e308": json(
    sequential(
      layer("Dense", "first", {
        ...input,
        units: 4,
        kernel_initializer: { class_name: "Orthogonal", config: { seed: 1e308, gain: 1e308 } },
      }),
      layer("GaussianNoise", "second", { stddev: 0.1 }),
      output,
    ),
  ),
};

const changed = (change: object): Uint8Array => canonicalJson({ ...MANIFEST, ...change });
const [CHUNK] = MANIFEST.train;

const MANIFESTS: Readonly<Record<string, Uint8Array>> = {
  "a chunk of 1e9 rows": changed({ train: [{ ...CHUNK, rows: 1e9 }] }),
  "a chunk of another size": changed({ train: [{ ...CHUNK, bytes: 64 }] }),
  "rows that add up to too many": changed({
    train: times(1000, (i) => ({ ...CHUNK, file: `t${i}.bin`, rows: 1e7 })),
  }),
  "70,000 chunks": changed({ train: times(7e4, (i) => ({ ...CHUNK, file: `t${i}.bin` })) }),
  "65,535 chunks of 1 byte": changed({
    train: times(65_535, (i) => ({ ...CHUNK, file: `t${i}.bin`, rows: 1, bytes: 1 })),
  }),
  "one file many times": changed({ train: times(65_000, () => CHUNK) }),
  "a file that leads elsewhere": changed({ train: [{ ...CHUNK, file: "../../key.bin" }] }),
  "a name of 15 MB": changed({ name: "x".repeat(15e6) }),
  "a shape of 1e18 values": changed({ shape: [1e6, 1e6, 1e6, 1] }),
  "a scale of 1e308 on other bytes": utf8(
    new TextDecoder().decode(changed({})).replace('"scale":1,', '"scale":1e308 ,'),
  ),
  "a field more": changed({ more: 1 }),
  "nesting of four million": utf8("[".repeat(4e6) + "]".repeat(4e6)),
  "bytes that are no text": new Uint8Array(1e6).fill(0xff),
};

const HARMLESS_MANIFESTS: Readonly<Record<string, Uint8Array>> = {
  "10,000 columns of 64 long texts": changed({
    columns: times(9_999, (position) => ({
      kind: "category",
      name: "c",
      position,
      values: times(64, (i) => `v${i}`),
      missing: 0,
    })),
  }),
};

describe("attack: files of an order that cost their readers much", function () {
  this.timeout(180_000);
  const folders = new TemporaryFolders();
  const helper = newHelper(SILENT);
  let folder: string;
  let largest = 0;

  before(async () => {
    folder = await folders.create();
  });
  afterEach(async () => {
    largest = Math.max(largest, (await processUse(helper.pid)).residentBytes);
  });
  after(async () => {
    process.stdout.write(`      largest helper: ${Math.round(largest / MIB)} MiB\n`);
    await helper.stop();
    await folders.removeAll();
  });

  async function named(bytes: Uint8Array): Promise<NamedFile> {
    const hash = createHash("sha256").update(bytes).digest("hex");
    const path = join(folder, hash);
    await writeFile(path, bytes);
    return { path, hash };
  }

  async function inspect(
    files: { readonly model?: Uint8Array; readonly manifest?: Uint8Array },
    changes: Partial<OrderFacts> = {},
  ): Promise<Inspection> {
    const task = {
      model: await named(files.model ?? json(GOOD)),
      manifest: await named(files.manifest ?? encodeManifest(MANIFEST)),
      facts: { ...facts(GOOD), ...changes },
    };
    return helper.run("inspect", task, INSPECT_LIMITS, CALL);
  }

  async function expectImpossible(found: Promise<Inspection>, reason: string): Promise<void> {
    const inspection = await found;
    if (inspection.kind === "possible") throw new Error("it counts as possible");
    expect(inspection.reason, inspection.detail).to.equal(reason);
    expect(inspection.detail.length).to.be.below(2000);
  }

  it("a good order is possible, and its cost is known", async () => {
    const found = await inspect({});
    if (found.kind !== "possible") throw new Error(found.detail);
    expect(found.dataset.id).to.equal(
      createHash("sha256").update(encodeManifest(MANIFEST)).digest("hex"),
    );
    expect(Array.from(found.dataset.train.rows)).to.deep.equal(MANIFEST.train.map((c) => c.rows));
    expect(found.workerBytes).to.be.within(100 * MIB, 300 * MIB);
  });

  for (const [what, model] of Object.entries(MODELS)) {
    it(`a model with ${what}`, () => expectImpossible(inspect({ model }), "model"));
  }

  it("a model whose layers can be reached on countless ways is read all the same", async () => {
    await expectImpossible(inspect({ model: json(lattice(100)) }), "misfit");
    await expectImpossible(inspect({ model: json(doubled("Add", 200)) }), "misfit");
  });

  for (const [what, model] of Object.entries(TFJS_MODELS)) {
    it(`a model for tfjs with ${what}`, async () => {
      const found = await inspect({ model }, { engine: "tfjs" });
      expect(found.kind).to.equal("impossible");
    });
  }

  it("a model for tfjs that costs far more than it says is known by the time of its batch", async () => {
    const batchMs = async (pool: number): Promise<number> => {
      const model = sequential(
        layer("Reshape", "first", { ...input, target_shape: [WIDTH, 1, 1] }),
        layer("UpSampling2D", "second", { size: [15, 120] }),
        layer("AveragePooling2D", "third", { pool_size: pool, strides: 1, padding: "same" }),
        layer("GlobalAveragePooling2D", "fourth", {}),
        output,
      );
      const { parameterCount, ...read } = await readLayersModel(model);
      const changes = { engine: "tfjs" as const, parameterCount, operations: operationsOf(read) };
      const found = await inspect({ model: json(model) }, changes);
      if (found.kind !== "possible") throw new Error(found.detail);
      return found.batchMs ?? Number.NaN;
    };
    const [small, large] = [await batchMs(2), await batchMs(60)];
    const told = `${small.toFixed(0)} and ${large.toFixed(0)} ms a batch, for the same price`;
    process.stdout.write(`      ${told}\n`);
    expect(large, told).to.be.above(3 * small);
  });

  for (const [what, manifest] of Object.entries(MANIFESTS)) {
    it(`a manifest with ${what}`, () => expectImpossible(inspect({ manifest }), "data"));
  }

  it("fields that no layer reads do no harm", async () => {
    for (const model of Object.values(HARMLESS)) {
      const read = await readLayersModel(JSON.parse(new TextDecoder().decode(model)));
      const changes = { engine: "tfjs" as const, operations: operationsOf(read) };
      expect(await inspect({ model }, changes)).to.include({ kind: "possible" });
    }
    for (const manifest of Object.values(HARMLESS_MANIFESTS)) {
      expect((await inspect({ manifest })).kind).to.equal("possible");
    }
  });

  it("an order that contradicts its files", async () => {
    for (const change of [
      { parameterCount: 1 },
      { operations: 1 },
      { trainRows: 47 },
      { testRows: 1e8 },
      { trainChunks: 65_535 },
    ]) {
      await expectImpossible(inspect({}, change), "misfit");
    }
    const { hyperparameters } = facts(GOOD);
    for (const change of [
      { loss: "binaryCrossentropy" as const },
      { batchSize: 1e9 },
      { optimizer: { kind: "sgd" as const, learningRate: 1e308, momentum: 0 } },
      { optimizer: { kind: "sgd" as const, learningRate: 0.1, momentum: Number.NaN } },
    ]) {
      const changes = { hyperparameters: { ...hyperparameters, ...change } };
      await expectImpossible(inspect({}, changes), "misfit");
    }
  });

  it("a batch that nothing could interrupt", async () => {
    const model = dense({ units: 1_000_000 });
    const { hyperparameters, ...rest } = facts(model);
    const large = { ...rest, hyperparameters: { ...hyperparameters, batchSize: 4096 } };
    await expectImpossible(inspect({ model: json(model) }, large), "misfit");
  });

  it("the memory for 50 million parameters is estimated before it is allocated", async () => {
    const model = dense({ units: 4_100_000 });
    const found = await inspect({ model: json(model) }, facts(model));
    if (found.kind !== "possible") throw new Error(found.detail);
    const megabytes = found.workerBytes / MIB;
    process.stdout.write(`      estimated ${Math.round(megabytes)} MiB\n`);
    expect(megabytes).to.be.within(1_000, 3_000);
  });

  it("a file whose bytes were changed on the disk says nothing about the order", async () => {
    const model = await named(json(GOOD));
    const manifest = await named(encodeManifest(MANIFEST));
    await writeFile(model.path, "other bytes");
    const task = { model, manifest, facts: facts(GOOD) };
    const error = await helper.run("inspect", task, INSPECT_LIMITS, CALL).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.have.property("code", "HELPER_FAILED");
  });
});
