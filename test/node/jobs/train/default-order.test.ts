import { expect } from "chai";
import { taggedHash, uint32Bytes } from "../../../../chain/crypto/hash.ts";
import { importCsv } from "../../../../ml/dataset/import-csv.ts";
import { createExactEngine } from "../../../../ml/exact/engine.ts";
import { checkHyperparameters } from "../../../../ml/hyperparameters.ts";
import { parseLayersModel } from "../../../../ml/model/layers-model.ts";
import { PRESET_NAMES, presetModel } from "../../../../ml/model/presets.ts";
import { defaultParticipants, defaultRun } from "../../../../ml/training/default-plan.ts";
import { fillOrder } from "../../../../node/jobs/train/default-order.ts";
import { trainOffline } from "../../../helpers/offline-federation.ts";
import { clusters, irisLike, titanicLike, wineQualityLike } from "../../../helpers/tables.ts";

/** Mean test accuracy of default orders over some splits of a table. */
async function learned(csv: string, splits = 2): Promise<number> {
  const engine = await createExactEngine();
  let sum = 0;
  for (let split = 0; split < splits; split++) {
    const seed = taggedHash("poml/default-order-test/v1", uint32Bytes(split));
    const { dataset } = importCsv(csv, { name: "table", label: -1, seed });
    const { shape, classes, train } = dataset;
    const data = { name: "table", rows: train.labels.length, shape };
    const { order } = fillOrder({ dataset: "" }, data, 4);
    if (!("preset" in order.model)) return expect.fail("no preset");
    const json = presetModel(order.model.preset, { inputShape: shape, classes: classes.length });
    const job = { ...order, model: parseLayersModel(json), seed };
    sum += (await trainOffline(engine, dataset, job)).at(-1)?.accuracy ?? 0;
  }
  return sum / splits;
}

/**
 * What scikit-learn's MLPClassifier reaches on such tables (`npm run bench -- tables` compares on equal
 * splits), less what a few splits may differ.
 */
describe("an order with no option but its data", function () {
  this.timeout(60_000);

  it("learns iris", async () => {
    expect(await learned(irisLike({ rows: 150 }), 3)).to.be.greaterThan(0.94);
  });

  it("learns from passengers with missing values who survived, about as well as noise allows", async () => {
    expect(await learned(titanicLike({ rows: 891 }))).to.be.greaterThan(0.77);
  });

  it("learns ordered marks that are mostly noise", async () => {
    expect(await learned(wineQualityLike({ rows: 1599 }), 1)).to.be.greaterThan(0.52);
  });

  it("learns from a few rows, and from many classes", async () => {
    const few = clusters({ rows: 60, features: 5, classes: 2, apart: 2 });
    expect(await learned(few)).to.be.greaterThan(0.87);
    const many = clusters({ rows: 1500, features: 20, classes: 30, apart: 5 });
    expect(await learned(many, 1)).to.be.greaterThan(0.95);
  });
});

describe("the default plan", () => {
  const SIZES = [1, 2, 10, 40, 120, 1_000, 10_000, 100_000, 10_000_000];

  it("is accepted by the chain, whatever the data and the given fields", () => {
    for (const rows of SIZES) {
      for (const drawable of [0, 1, 3, 4, 100]) {
        for (const shape of [[4], [28, 28, 1], [2, 2, 3], [16, 3]]) {
          const { order } = fillOrder({ dataset: "" }, { name: "x", rows, shape }, drawable);
          expect(order.participants).to.be.within(1, Math.max(1, Math.min(4, rows, drawable)));
          expect(order.quorum).to.be.within(1, order.participants);
          expect(order.teamSize).to.equal(3);
          expect(order.localEpochs).to.be.within(1, 100);
          expect(order.rounds).to.be.within(1, 10);
          const { optimizer, batchSize } = order;
          checkHyperparameters({ optimizer, batchSize });
        }
      }
    }
  });

  it("continues from the state that it is given", () => {
    const run = defaultRun({ rows: 120, shape: [4] }, 4, { rounds: 5 });
    expect(run.rounds * run.localEpochs).to.be.within(80, 120);
    expect(defaultRun({ rows: 120, shape: [4] }, 4, { localEpochs: 1 }).rounds).to.be.within(
      50,
      100,
    );
    expect(
      defaultRun({ rows: 120, shape: [4] }, 4, { rounds: 1, localEpochs: 1, batchSize: 7 }),
    ).to.deep.equal({ rounds: 1, localEpochs: 1, batchSize: 7 });
  });

  it("gives every participant enough rows to learn from", () => {
    expect(defaultParticipants({ rows: 1 }, 10)).to.equal(1);
    expect(defaultParticipants({ rows: 48 }, 10)).to.equal(2);
    expect(defaultParticipants({ rows: 4_800 }, 10)).to.equal(4);
    expect(defaultParticipants({ rows: 4_800 }, 2)).to.equal(2);
  });

  it("takes a model that fits the shape: convolutions only for images of sufficient size", () => {
    const presetOf = (shape: readonly number[]) => {
      const { model } = fillOrder({ dataset: "" }, { name: "x", rows: 100, shape }, 4).order;
      return "preset" in model ? model.preset : "";
    };
    expect(presetOf([28, 28, 1])).to.equal("lenet");
    expect(presetOf([8, 8, 3])).to.equal("lenet");
    for (const shape of [[4], [64], [2, 2, 1], [7, 9, 1], [20, 6]]) {
      expect(presetOf(shape), String(shape)).to.equal("mlp");
    }
  });

  it("keeps the settings of an optimizer that is named, and gives each preset a rate", () => {
    const data = { name: "x", rows: 100, shape: [4] };
    const optimizerOf = (kind: "sgd" | "adam" | "adagrad", preset: string) =>
      fillOrder({ dataset: "", model: { preset }, optimizer: { kind } }, data, 4).order.optimizer;
    for (const preset of PRESET_NAMES) {
      expect(optimizerOf("adam", preset).learningRate).to.be.within(0.001, 0.01);
      expect(optimizerOf("adam", preset)).not.to.have.property("weightDecay");
    }
    expect(optimizerOf("sgd", "mlp")).to.deep.equal({
      kind: "sgd",
      learningRate: 0.05,
      momentum: 0.9,
    });
  });
});
