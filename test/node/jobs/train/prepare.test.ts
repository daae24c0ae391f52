import { expect } from "chai";
import { trainSpec } from "../../../../chain/workload/train/train-of.ts";
import type { TrainOrder } from "../../../../node/api/contract/jobs/train.ts";
import { toJobRequest } from "../../../../node/api/job-order.ts";
import { BlobStore } from "../../../../node/blobs/blob-store.ts";
import {
  type DatasetModules,
  DatasetService,
} from "../../../../node/jobs/train/dataset-service.ts";
import { prepareJob } from "../../../../node/jobs/train/prepare.ts";
import { TEST_PARAMETERS } from "../../../helpers/chain.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";
import { flowersCsv } from "../../../helpers/flowers.ts";
import { importTable } from "../../../helpers/import-table.ts";
import { inspectStored } from "../../../helpers/job-inspector.ts";
import { OPENER } from "../../../helpers/model-opener.ts";
import { layer, sequential } from "../../../helpers/models.ts";
import { TemporaryFolders } from "../../../helpers/temporary.ts";

describe("preparing a job", function () {
  this.timeout(60_000);
  const folders = new TemporaryFolders();
  let datasets: DatasetService;
  let blobs: BlobStore;
  let dataset: string;

  before(async () => {
    const dataDir = await folders.create();
    blobs = await BlobStore.open(dataDir);
    const seed = async () => ({ torrentFile: new Uint8Array(8) });
    const torrents = { seed } as unknown as DatasetModules["torrents"];
    datasets = new DatasetService({ dataDir }, { blobs, torrents, torrentPeers: async () => [] });
    const table = { name: "flowers", label: "species" };
    dataset = await importTable(datasets, flowersCsv(240), table);
  });
  after(() => folders.removeAll());

  const prepare = (
    changes: Partial<TrainOrder>,
    { minPricePerSample = 1n, nodes = 4 }: { minPricePerSample?: bigint; nodes?: number } = {},
  ) =>
    prepareJob(toJobRequest({ name: "flowers", dataset, model: { preset: "mlp" }, ...changes }), {
      datasets,
      blobs,
      parameters: () => ({ ...TEST_PARAMETERS, minPricePerSample }),
      drawable: () => nodes,
      nodes: () => 4,
      openJobs: () => 0,
      models: OPENER,
      inspect: inspectStored(blobs),
    });

  it("refuses orders that the chain would refuse, before anything is signed", async () => {
    const quorum = await expectCodeAsync(() => prepare({ quorum: 5 }), "BAD_FIELD");
    expect(quorum.facts).to.include({ field: "spec.quorum" });
    expect(quorum.remedy).to.contain("quorum");
    const cheap = () => prepare({ pricePerSample: "4" }, { minPricePerSample: 5n });
    const { facts, remedy } = await expectCodeAsync(cheap, "BAD_FIELD");
    expect(facts).to.include({ field: "spec.pricePerSample" });
    expect(remedy).to.contain("5");
  });

  it("refuses models that tfjs opens and cannot train, or that remember rows", async () => {
    const rows = layer("Reshape", "rows", { batch_input_shape: [null, 4], target_shape: [4, 1] });
    const end = layer("Dense", "end", { units: 3, activation: "softmax" });
    const flat = layer("Flatten", "flat");
    const memory = layer("LSTM", "memory", { units: 2, stateful: true });
    const causal = layer("Conv1D", "causal", { filters: 2, kernel_size: 2, padding: "causal" });
    const wrong = { class_name: "Zeros", config: {} };
    for (const [says, ...layers] of [
      ["stateful", rows, memory],
      ["stateful", rows, layer("Bidirectional", "both", { layer: memory })],
      ["cannot train it: The support for CAUSAL", rows, causal, flat],
      [
        "cannot train it",
        rows,
        layer("Permute", "turn", { dims: [2, 1] }),
        flat,
        layer("Dense", "d", { units: 2, kernel_regularizer: wrong }),
      ],
      ["not finite", rows, flat, layer("GaussianNoise", "noise", { stddev: "same" })],
    ] as const) {
      const model = { layersModel: sequential(...layers, end) as Record<string, unknown> };
      const error = await expectCodeAsync(() => prepare({ model }), "BAD_CONFIG");
      expect(error.message).to.include(says);
    }
    const trains = sequential(rows, layer("Permute", "turn", { dims: [2, 1] }), flat, end);
    const { notes } = await prepare({ model: { layersModel: trains as Record<string, unknown> } });
    expect(notes.join()).to.include("engine tfjs");
  });

  it("does not list the copy that an order by label makes among the named datasets", async () => {
    await prepare({ partition: "by-label" });
    await prepare({ partition: "iid" });
    expect((await datasets.list()).map(({ id }) => id)).to.deep.equal([dataset]);
  });

  it("says when too few nodes can be drawn for a round", async () => {
    const short = async (changes: Partial<TrainOrder>, nodes: number) =>
      (await prepare(changes, { nodes })).notes.filter((note) =>
        note.includes("can be drawn now: un"),
      );
    expect(await short({ participants: 4 }, 3)).to.deep.equal([]);
    const [note] = await short({ participants: 4 }, 2);
    expect(note).to.contain("needs 3 updates").and.contain("2 nodes");
    expect(await short({ participants: 2 }, 2)).to.deep.equal([]);
  });

  it("fills in an order that only names the dataset, to fit data and network, and says how", async () => {
    const { spec, notes } = await prepare({ name: undefined, model: undefined });
    expect(new TextDecoder().decode(spec.name)).to.equal("flowers");
    expect(spec).to.include({ participants: 4, quorum: 3, teamSize: 3 });
    expect(trainSpec(spec)).to.include({ rounds: 10 });
    const [model, optimizer, crowd, run, ...more] = notes;
    expect(more).to.deep.equal([]);
    expect(model).to.match(/^chosen: model preset mlp, since a row is 4 values/);
    expect(optimizer).to.match(/^chosen: optimizer adam with learning rate 0.005/);
    expect(crowd).to.match(/^chosen: 4 participants .* of which 3 must deliver/);
    expect(run).to.match(/^chosen: 10 rounds, \d+ epochs a round, batches of \d+: about \d+ steps/);
  });

  it("asks for no more participants than there are nodes", async () => {
    const { spec } = await prepare({}, { nodes: 2 });
    expect(spec).to.include({ participants: 2, quorum: 2, teamSize: 3 });
    expect((await prepare({}, { nodes: 0 })).spec).to.include({ participants: 1, quorum: 1 });
  });

  it("does not change the given fields of an order, and has no notes on them", async () => {
    const { spec, notes } = await prepare({
      rounds: 3,
      localEpochs: 2,
      batchSize: 5,
      participants: 3,
      quorum: 1,
      teamSize: 5,
      optimizer: { kind: "adam", learningRate: 0.25 },
      model: { preset: "logistic" },
    });
    expect(trainSpec(spec)).to.include({ rounds: 3, localEpochs: 2, batchSize: 5 });
    expect(spec).to.include({ participants: 3, quorum: 1, teamSize: 5 });
    expect(trainSpec(spec).optimizer).to.include({ learningRate: 250_000, beta1: 900_000 });
    expect(notes).to.deep.equal([]);
  });

  /** A model of two layers over the four measures. */
  const layersModel = (first: object, last: object): TrainOrder["model"] => ({
    layersModel: {
      class_name: "Sequential",
      config: {
        name: "own",
        layers: [
          {
            class_name: "Dense",
            config: {
              name: "first",
              units: 6,
              activation: "relu",
              batch_input_shape: [null, 4],
              ...first,
            },
          },
          {
            class_name: "Dense",
            config: { name: "last", units: 3, activation: "softmax", ...last },
          },
        ],
      },
    },
  });

  it("refuses a model in which nothing can learn, and says what to unfreeze", async () => {
    const frozen = { trainable: false };
    const all = () => prepare({ model: layersModel(frozen, frozen) });
    const error = await expectCodeAsync(all, "NOTHING_TO_TRAIN");
    expect(error.message).to.contain("frozen");
    expect(error.remedy).to.contain('"trainable" to true');
    const { spec, notes } = await prepare({ model: layersModel(frozen, {}) });
    expect(trainSpec(spec).engine).to.equal(1);
    expect(notes.join()).to.contain("its weights are frozen");
  });

  it("explains regularizers, and refuses those that it would not apply", async () => {
    const l2 = { kernel_regularizer: { class_name: "L2", config: { l2: 0.01 } } };
    const { notes } = await prepare({ model: layersModel(l2, {}) });
    expect(notes.join()).to.contain("layer first: its kernel_regularizer is part of the loss");
    const norm = { kernel_constraint: { class_name: "MaxNorm", config: { max_value: 2 } } };
    const constrained = () => prepare({ model: layersModel(norm, {}) });
    const { facts } = await expectCodeAsync(constrained, "BAD_CONFIG");
    expect(facts).to.include({ layer: "first", field: "kernel_constraint" });
  });

  it("says how a model must end for the classes of the data", async () => {
    const one = () => prepare({ model: layersModel({}, { units: 1, activation: "sigmoid" }) });
    const { remedy } = await expectCodeAsync(one, "MODEL_DATA_MISMATCH");
    expect(remedy).to.contain("3 units").and.contain("softmax");
  });

  it("notes layers that have another name here", async () => {
    const { notes } = await prepare({ model: layersModel({ name: "first layer" }, {}) });
    expect(notes.join()).to.contain('"first layer"').and.contain('"first_layer"');
  });
});
