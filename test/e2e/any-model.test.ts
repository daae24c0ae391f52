/**
 * Data nobody here has seen and a model the exact engine does not know, through the API alone: the
 * node pays, two nodes train on tfjs, and the result loads in TensorFlow.js.
 */
import { expect } from "chai";
import { chooseBackend, layers, tf } from "../../ml/tfjs/backend.ts";
import type { DatasetJson } from "../../node/api/contract/dataset.ts";
import { ofKind } from "../../node/api/contract/jobs/job.ts";
import type { TrainOrder } from "../../node/api/contract/jobs/train.ts";
import { followJob, isBalanced, isComplete } from "../../node/cli/job/follow.ts";
import { LocalNetwork } from "../helpers/local-network.ts";

const JOB_MS = 240_000;
const ROWS = 400;

describe("a model of the client's own on data of its own", function () {
  this.timeout(300_000);

  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({ nodes: 2 });
    await net.start();
  });
  after(() => net?.stop());

  it("trains on tfjs and comes back loadable", async () => {
    const { client } = net.at(0);
    const dataset = await client.uploadCsv("orders", ordersCsv(), { label: "will return" });
    expect(dataset.classes).eql(["no", "yes"]);
    const order = orderFor(dataset);
    const { notes, spec } = await client.prepareJob(order);
    expect(spec.engine).equal("tfjs");
    expect(notes.join()).contain("layer wide").and.contain("tfjs");

    const id = await client.submitJob(order, "orders-1");
    expect(await client.submitJob(order, "orders-1")).equal(id);
    await net.at(1).client.waitForTransaction(id);
    const signal = AbortSignal.timeout(JOB_MS);
    const followed = await followJob(net.at(1).client, id, { timeoutMs: JOB_MS, signal });
    const job = ofKind("train", followed);
    expect(isComplete(job)).equal(true);
    expect(isBalanced(job)).equal(true);
    expect(job.metrics?.accuracy).greaterThan(0.85);
    expect((await client.jobs()).jobs.map((each) => each.id)).eql([id]);

    const { modelJson, weightsBin } = await net.at(1).client.model(id);
    const inputs = dataset.shape[0] ?? 0;
    const rows = [0.25, 0.5, 0.75].map((value) => new Array<number>(inputs).fill(value));
    for (const probabilities of await predict(modelJson, weightsBin, rows)) {
      expect(probabilities).lengthOf(2);
      expect(probabilities.reduce((sum, p) => sum + p, 0)).closeTo(1, 1e-5);
    }
  });
});

function orderFor(dataset: DatasetJson): TrainOrder {
  const ownLayers = [
    {
      class_name: "Dense",
      config: {
        name: "wide",
        units: 16,
        activation: "elu",
        batch_input_shape: [null, ...dataset.shape],
      },
    },
    { class_name: "BatchNormalization", config: { name: "norm" } },
    { class_name: "Dense", config: { name: "deep", units: 8, activation: "elu" } },
    {
      class_name: "Dense",
      config: { name: "out", units: dataset.classes.length, activation: "softmax" },
    },
  ];
  return {
    name: "orders",
    dataset: dataset.id,
    model: {
      layersModel: { class_name: "Sequential", config: { name: "own", layers: ownLayers } },
    },
    rounds: 3,
    localEpochs: 8,
    batchSize: 16,
    optimizer: { kind: "adam", learningRate: 0.02 },
    participants: 2,
    quorum: 2,
    phaseSeconds: 60,
  };
}

/** As spreadsheets write it: label in the middle, words, quotes, empty cells, CRLF. */
function ordersCsv(): Uint8Array {
  const lines = ['"order",price,"will return",country,"days, shipping"'];
  for (let i = 0; i < ROWS; i++) {
    const days = 1 + ((i * 7) % 20);
    const price = i % 17 === 0 ? "" : (5 + ((i * 13) % 90) / 3).toFixed(2);
    const country = ["Österreich", "France", '"Korea, South"'][i % 3];
    lines.push(`${1000 + i},${price},${days > 10 ? "yes" : "no"},${country},${days}`);
  }
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n`);
}

/** Loads a downloaded model the way anyone would. */
async function predict(
  modelJson: Uint8Array,
  weightsBin: Uint8Array,
  rows: number[][],
): Promise<number[][]> {
  await chooseBackend(() => undefined);
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(modelJson));
  const weightData = new Uint8Array(weightsBin).buffer;
  const weightSpecs = weightsManifest[0].weights;
  const model = await layers.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs, weightData }),
  );
  const output = model.predict(tf.tensor2d(rows)) as tf.Tensor2D;
  return output.array();
}
