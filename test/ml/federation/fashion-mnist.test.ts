import { expect } from "chai";
import { sha256, taggedHash, toHex, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { leafDigest, merkleRoot } from "../../../chain/proof/hash-tree.ts";
import { isBoundTo } from "../../../ml/audit/bound-update.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { buildDataset, type Dataset, shardOfChunks } from "../../../ml/dataset/build.ts";
import { decodeChunk } from "../../../ml/dataset/chunk.ts";
import type { Split } from "../../../ml/dataset/manifest.ts";
import { assignChunks } from "../../../ml/dataset/partition.ts";
import type { Shard } from "../../../ml/dataset/shard.ts";
import type { Trainer } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { decodeUpdate, deltaOf, encodeUpdate } from "../../../ml/federation/update-codec.ts";
import { metricsOf } from "../../../ml/metrics.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import { evaluateShard } from "../../../ml/training/evaluate.ts";
import { trainShard } from "../../../ml/training/train-shard.ts";
import { FEDAVG } from "../../helpers/aggregation.ts";
import { fashionMnist } from "../../helpers/fashion-mnist.ts";
import {
  aggregate,
  checkUpdates,
  type ParticipantUpdate,
  parametersHash,
} from "../../helpers/merge-in-memory.ts";

const SEED = taggedHash("fashion-mnist test");
const PARTICIPANTS = 4;
const ROUNDS = 2;
const OPTIONS = { epochs: 2, batchSize: 32 };

function shardOf({ manifest, chunks }: Dataset, split: Split, indices: readonly number[]): Shard {
  const parts = indices.map((index) => {
    const chunk = manifest[split][index] ?? expect.fail(`no chunk ${index}`);
    return decodeChunk(manifest, chunk, chunks.get(chunk.file) ?? new Uint8Array());
  });
  return shardOfChunks(manifest, parts);
}

async function trainedUpdate(
  trainer: Trainer,
  shard: Shard,
  {
    participant,
    round,
    parameters,
  }: { participant: number; round: number; parameters: Float32Array },
): Promise<ParticipantUpdate> {
  const seed = taggedHash("round", SEED, uint32Bytes(round), uint32Bytes(participant));
  const run = trainShard({ ...OPTIONS, parameters, seed }, { trainer, shard, clock: performance });
  for (;;) {
    const next = await run.next();
    if (!next.done) continue;
    const { samples, checkpoints } = next.value;
    const bytes = encodeUpdate({
      participant,
      round,
      samples,
      parameters: next.value.parameters,
      optimizerHash: sha256(bytesOfFloats(trainer.optimizerState())),
      digests: checkpoints.map(leafDigest),
    });
    const update = decodeUpdate(bytes, parameters.length);
    expect(isBoundTo(update, merkleRoot(checkpoints), checkpoints.length - 1)).to.equal(true);
    return { participant, samples, delta: deltaOf(parameters, update.parameters) };
  }
}

describe("federated averaging on Fashion-MNIST", function () {
  this.timeout(300_000);

  it("learns with four participants, and any order of arrival makes the same model", async () => {
    const dataset = buildDataset(await fashionMnist(), { rowsPerChunk: 500 });
    // A third of the training images, a quarter of the test images: seconds, not minutes.
    const assignment = assignChunks(8, PARTICIPANTS, SEED, "iid");
    const shards = assignment.map((indices) => shardOf(dataset, "train", indices));
    const test = shardOf(dataset, "test", [0, 1, 2, 3, 4]);
    const model = parseLayersModel(presetModel("lenet", { inputShape: [28, 28, 1], classes: 10 }));
    const engine = await createExactEngine();
    const trainer = await engine.open(model, {
      optimizer: { kind: "sgd", learningRate: 0.05, momentum: 0.9 },
      batchSize: OPTIONS.batchSize,
    });

    let parameters = initialParameters(model, SEED);
    const accuracies: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const updates: ParticipantUpdate[] = [];
      for (const [participant, shard] of shards.entries()) {
        updates.push(await trainedUpdate(trainer, shard, { participant, round, parameters }));
      }
      const verdicts = checkUpdates(updates);
      expect(verdicts.map((verdict) => verdict.refusal)).to.deep.equal(Array(4).fill(undefined));
      const next = await aggregate(FEDAVG, parameters, updates);
      const reversed = await aggregate(FEDAVG, parameters, updates.toReversed());
      expect(toHex(parametersHash(reversed))).to.equal(toHex(parametersHash(next)));
      parameters = next;
      trainer.load(parameters);
      accuracies.push(metricsOf(await evaluateShard(trainer, test)).accuracy);
    }
    trainer.dispose();
    const [first = 0, last = 0] = accuracies;
    expect(last).to.be.above(first);
    expect(last).to.be.above(780_000);
  });
});
