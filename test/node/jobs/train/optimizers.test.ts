import { withFields } from "../../../helpers/job-run.ts";
/** From an order to the worker: each job trains as ordered, and others replay it to the same bits. */

import { expect } from "chai";
import { sha256, toHex } from "../../../../chain/crypto/hash.ts";
import { leafDigest, merkleRoot } from "../../../../chain/proof/hash-tree.ts";
import { ALL_SEGMENTS, type Audit } from "../../../../chain/types/audit.ts";
import type { Job, JobSpec } from "../../../../chain/types/job.ts";
import { trainingSeed } from "../../../../chain/workload/train/seed.ts";
import { trainSpec } from "../../../../chain/workload/train/train-of.ts";
import { bytesOfFloats } from "../../../../ml/bytes.ts";
import { ENGINE_HASH } from "../../../../ml/exact/engine-hash.ts";
import { encodeUpdate } from "../../../../ml/federation/update-codec.ts";
import { metricsOf } from "../../../../ml/metrics.ts";
import { decodeCheckpoint, stateHash } from "../../../../ml/training/checkpoint.ts";
import type { TrainOrder } from "../../../../node/api/contract/jobs/train.ts";
import { toJobRequest } from "../../../../node/api/job-order.ts";
import { BlobFetcher } from "../../../../node/blobs/blob-fetcher.ts";
import { blobPeersOf } from "../../../../node/blobs/blob-peers.ts";
import { BlobStore } from "../../../../node/blobs/blob-store.ts";
import { systemClock } from "../../../../node/clock.ts";
import {
  type DatasetModules,
  DatasetService,
} from "../../../../node/jobs/train/dataset-service.ts";
import { JobFiles, shardChunks } from "../../../../node/jobs/train/job-files.ts";
import { type JudgeModules, judgeUpdate } from "../../../../node/jobs/train/judge-update.ts";
import { prepareJob } from "../../../../node/jobs/train/prepare.ts";
import { inMemory } from "../../../../node/workers/blob-source.ts";
import type { TrainTask, TrainTaskResult } from "../../../../node/workers/kinds/train/task.ts";
import { WorkerPool } from "../../../../node/workers/pool.ts";
import { SILENT } from "../../../../p2p/log.ts";
import { Asking } from "../../../../p2p/protocols/asking.ts";
import { serveBlobs } from "../../../../p2p/protocols/blob.ts";
import { TEST_PARAMETERS } from "../../../helpers/chain.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";
import { flowersCsv } from "../../../helpers/flowers.ts";
import { importTable } from "../../../helpers/import-table.ts";
import { INSPECTOR, inspectStored } from "../../../helpers/job-inspector.ts";
import { MemoryNetwork } from "../../../helpers/memory-network.ts";
import { OPENER } from "../../../helpers/model-opener.ts";
import { layer, sequential } from "../../../helpers/models.ts";
import { TemporaryFolders } from "../../../helpers/temporary.ts";

const DEADLINE = { deadlineMs: 60_000 };
const SIGNAL = new AbortController().signal;
const ROUND = 1;
const SHARD = 0;
const FEATURES = 4;

/** Two layers over the flowers, ending as told. */
function flowerModel(ending: string): TrainOrder["model"] {
  return {
    layersModel: sequential(
      layer("Dense", "hidden", {
        batch_input_shape: [null, FEATURES],
        units: 12,
        activation: "tanh",
      }),
      layer("Dense", "output", { units: 3, activation: ending }),
    ),
  };
}

const COMMON = { weightDecay: 0.001, clipValue: 0.5, clipNorm: 1 };
const JOBS: Readonly<Record<string, Partial<TrainOrder>>> = {
  "what nobody chose": {},
  "plain sgd": { optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 } },
  "sgd with decay and clips": { optimizer: { kind: "sgd", ...COMMON } },
  adam: { optimizer: { kind: "adam", learningRate: 0.02 } },
  "adam with other settings": {
    optimizer: {
      kind: "adam",
      learningRate: 0.02,
      beta1: 0.8,
      beta2: 0.99,
      epsilon: 1e-5,
      ...COMMON,
    },
  },
  adagrad: { optimizer: { kind: "adagrad", learningRate: 0.1 } },
  "adagrad from another start": {
    optimizer: { kind: "adagrad", learningRate: 0.1, initialAccumulator: 0.01 },
  },
  "squared errors of a softmax": { loss: "meanSquaredError" },
  "absolute errors of open outputs": { loss: "meanAbsoluteError", model: flowerModel("linear") },
  "huber of open outputs, adam": {
    loss: "huber",
    model: flowerModel("linear"),
    optimizer: { kind: "adam", learningRate: 0.02 },
  },
  "one probability for each class": { model: flowerModel("sigmoid") },
};

describe("jobs by optimizer and loss", function () {
  this.timeout(90_000);

  const folders = new TemporaryFolders();
  const seen = new Map<string, string>();
  let datasets: DatasetService;
  let blobs: BlobStore;
  let files: JobFiles;
  let dataset: string;
  let pool: WorkerPool;

  before(async () => {
    const dataDir = await folders.create();
    blobs = await BlobStore.open(dataDir);
    const seed = async () => ({ torrentFile: new Uint8Array(8) });
    const torrents = { seed } as unknown as DatasetModules["torrents"];
    datasets = new DatasetService({ dataDir }, { blobs, torrents, torrentPeers: async () => [] });
    const peers = { connected: () => [], request: async () => undefined };
    const fetcher = new BlobFetcher({ blobs, peers });
    files = new JobFiles({ fetcher, datasets, blobs, inspector: INSPECTOR });
    const table = { name: "flowers", label: "species" };
    dataset = await importTable(datasets, flowersCsv(240), table);
    pool = new WorkerPool(
      { localWorkers: 1, engineHash: ENGINE_HASH },
      { log: SILENT, clock: systemClock },
    );
    await pool.start();
  });
  after(async () => {
    await pool.stop();
    await folders.removeAll();
  });

  async function specOf(changes: Partial<TrainOrder>): Promise<JobSpec> {
    const order: TrainOrder = {
      name: "flowers",
      dataset,
      model: flowerModel("softmax"),
      localEpochs: 12,
      batchSize: 16,
      participants: 1,
      seed: "ab".repeat(32),
      ...changes,
    };
    const modules = {
      datasets,
      blobs,
      parameters: () => TEST_PARAMETERS,
      drawable: () => 1,
      nodes: () => 9,
      openJobs: () => 0,
      models: OPENER,
      inspect: inspectStored(blobs),
    };
    return (await prepareJob(toJobRequest(order), modules)).spec;
  }

  /** As `Participant` and the auditor put it together. */
  async function taskOf(spec: JobSpec): Promise<TrainTask> {
    const chunks = shardChunks(jobOf(spec), SHARD);
    const start = await files.parameters(spec, trainSpec(spec).initialParameters, SIGNAL);
    const model = await files.modelTask(
      jobOf(spec),
      start,
      { split: "train", indexes: chunks },
      SIGNAL,
    );
    const seed = trainingSeed(trainSpec(spec), ROUND, SHARD);
    return { ...model, chunks, epochs: trainSpec(spec).localEpochs, seed };
  }

  async function train(spec: JobSpec): Promise<TrainTaskResult & { states: Uint8Array[] }> {
    const states: Uint8Array[] = [];
    const onState = (index: number, state: Uint8Array): void => {
      states[index] = state;
    };
    return { ...(await pool.train(await taskOf(spec), { ...DEADLINE, onState })), states };
  }

  for (const [name, changes] of Object.entries(JOBS)) {
    it(`trains and replays to the same bits: ${name}`, async () => {
      const spec = await specOf(changes);
      const task = await taskOf(spec);
      const { checkpoints, states, parameters, samples } = await train(spec);
      expect(samples).to.equal(trainSpec(spec).localEpochs * trainSpec(spec).trainRows);
      for (const segment of [0, 1, checkpoints.length - 2]) {
        const startState = segment === 0 ? undefined : states[segment];
        const { origin, end } = await pool.retrain({ ...task, segment, startState }, DEADLINE);
        expect(origin).to.deep.equal(checkpoints[0]);
        expect(toHex(end)).to.equal(toHex(checkpoints[segment + 1] ?? new Uint8Array(0)));
      }
      const root = toHex(merkleRoot(checkpoints));
      expect(seen.get(root), "another job with the same run").to.equal(undefined);
      seen.set(root, name);

      const test = { split: "test", indexes: [0] } as const;
      const start = inMemory(bytesOfFloats(parameters));
      const ordered = await files.modelTask(jobOf(spec), start, test, SIGNAL);
      const metrics = metricsOf(await pool.evaluate(ordered, DEADLINE));
      expect(metrics.accuracy).to.be.greaterThan(750_000);
    });
  }

  it("needs the optimizer's own values for a replay", async () => {
    const spec = await specOf(JOBS.adam ?? {});
    const { checkpoints, states } = await train(spec);
    const [, startState] = states;
    if (startState === undefined) return expect.fail();
    const count = trainSpec(spec).parameterCount;
    // Both means of every weight, and two powers.
    expect(startState.length).to.equal(16 + 4 * (3 * count + 2));
    const changed = startState.slice();
    const mean = 16 + 4 * count;
    changed[mean] = (changed[mean] ?? 0) ^ 1;
    const task = { ...(await taskOf(spec)), segment: 1 };
    const { end } = await pool.retrain({ ...task, startState: changed }, DEADLINE);
    expect(toHex(end)).not.to.equal(toHex(checkpoints[2] ?? new Uint8Array(0)));
    const sgd = await taskOf(await specOf({ optimizer: { kind: "sgd" } }));
    const foreign = pool.retrain({ ...sgd, segment: 1, startState }, DEADLINE);
    const error = await expectCodeAsync(() => foreign, "TASK_FAILED");
    expect(error.facts).to.include({ reason: "BAD_CHECKPOINT" });
  });

  it("lets an auditor distinguish the ordered optimizer from another", async () => {
    const spec = await specOf(JOBS.adam ?? {});
    const honest = await train(spec);
    expect(await judge(spec, honest)).to.include({ answer: "match" });
    const lazy = await train(await specOf({ optimizer: { kind: "sgd", learningRate: 0.02 } }));
    expect(await judge(spec, lazy)).to.include({ answer: "mismatch", segment: 0 });
  });

  it("lets an auditor name the segment in which a run diverges, though its participant says that it ended", async () => {
    const spec = await specOf({
      loss: "meanSquaredError",
      model: flowerModel("linear"),
      optimizer: { kind: "sgd", learningRate: 10 },
    });
    const task = await taskOf(spec);
    const hashes: Uint8Array[] = [];
    const onState = (index: number, state: Uint8Array): void => {
      hashes[index] = stateHash(decodeCheckpoint(state, trainSpec(spec).parameterCount));
    };
    const run = pool.train(task, { ...DEADLINE, onState });
    const { facts } = await expectCodeAsync(() => run, "TASK_FAILED");
    expect(facts).to.include({ reason: "DIVERGED" });
    const { length } = hashes;
    expect(length).to.be.within(2, 15);
    const made = await train(await specOf({}));
    const claimed = made.checkpoints.map((hash, i) => hashes[i] ?? hash);
    const liar = { ...made, checkpoints: claimed };
    expect(await judge(spec, liar)).to.include({ answer: "mismatch", segment: length - 1 });
    const early = { ...made, checkpoints: claimed.with(1, new Uint8Array(32)) };
    expect(await judge(spec, early)).to.include({ answer: "mismatch", segment: 0 });
  });

  it("lets an auditor report a participant that holds requests open before the stage is over", async () => {
    const spec = await specOf({});
    const made = await train(spec);
    const held = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    const stageMs = 2000;
    for (const stalling of [
      {
        exchange: {
          ask: (_: string, __: unknown, timeoutMs: number) =>
            held(AbortSignal.timeout(timeoutMs)).catch(() => undefined),
        },
      },
      {
        peers: blobPeersOf({
          asking: new Asking(() => performance.now()),
          openStream: (_: string, __: string, signal: AbortSignal) => held(signal),
          report: () => {},
        } as unknown as Parameters<typeof blobPeersOf>[0]),
      },
    ]) {
      const startedAt = performance.now();
      const given = stalling as unknown as Partial<JudgeModules>;
      const finding = await judge(spec, made, { segment: 1, stageMs, given });
      expect(finding).to.deep.equal({ answer: "not-served" });
      expect(performance.now() - startedAt).to.be.below(stageMs);
    }
  });

  it("accepts no order that lies about the cost of its model, and finds updates of such an order false", async () => {
    const spec = await specOf({});
    expect(Number(trainSpec(spec).operations)).to.be.above(6 * trainSpec(spec).parameterCount);
    const made = await train(spec);
    for (const operations of [
      trainSpec(spec).operations - 1n,
      trainSpec(spec).operations + 1n,
      1n,
    ]) {
      const lie = withFields(spec, { operations });
      const error = await expectCodeAsync(() => train(lie), "ORDER_IMPOSSIBLE");
      expect(error.facts).to.include({ reason: "misfit" });
      for (const segment of [0, ALL_SEGMENTS]) {
        expect(await judge(lie, made, { segment })).to.include({ answer: "mismatch", segment: 0 });
      }
    }
  });

  it("has auditors of an update that no record merged get the update, and compare it with the last state", async () => {
    const spec = await specOf({});
    const made = await train(spec);
    const { samples, parameters, optimizerHash, checkpoints } = made;
    const update = {
      participant: 0,
      round: ROUND,
      samples,
      parameters,
      optimizerHash,
      digests: checkpoints.map(leafDigest),
    };
    const moved = parameters.with(0, (parameters[0] ?? 0) + 1);
    const cases: readonly (readonly [string, Uint8Array | undefined, string])[] = [
      ["as committed", encodeUpdate(update), "match"],
      ["kept back", undefined, "not-served"],
      ["other parameters", encodeUpdate({ ...update, parameters: moved }), "mismatch"],
      ["of another node", encodeUpdate({ ...update, participant: 1 }), "mismatch"],
      ["of another round", encodeUpdate({ ...update, round: ROUND + 1 }), "mismatch"],
      ["no update", new Uint8Array(100), "mismatch"],
    ];
    for (const [name, bytes, answer] of cases) {
      const network = new MemoryNetwork();
      const [auditor, participant] = [network.host(), network.host()];
      auditor.link(participant);
      await serveBlobs(participant, async () => bytes);
      const unmerged = {
        merged: 0,
        updateHash: bytes === undefined ? new Uint8Array(32) : sha256(bytes),
      };
      for (const segment of [0, ALL_SEGMENTS]) {
        const finding = await judge(spec, made, {
          segment,
          stageMs: 2000,
          peer: participant.peerId,
          given: { peers: blobPeersOf(auditor) },
          unmerged,
        });
        expect(finding.answer, `${name}, segment ${segment}`).to.equal(answer);
      }
    }
  });

  async function judge(
    spec: JobSpec,
    { checkpoints, samples }: TrainTaskResult,
    {
      segment = ALL_SEGMENTS,
      stageMs = 60_000,
      given = {},
      peer = "p",
      unmerged = {},
    }: {
      segment?: number;
      stageMs?: number;
      given?: Partial<JudgeModules>;
      peer?: string;
      unmerged?: Partial<Audit>;
    } = {},
  ) {
    const served = { digests: checkpoints.map(leafDigest), startState: new Uint8Array(32) };
    const modules: JudgeModules = {
      files,
      workers: pool,
      clock: systemClock,
      exchange: { ask: async () => served } as unknown as JudgeModules["exchange"],
      peers: {} as JudgeModules["peers"],
      ...given,
    };
    const audit = {
      round: ROUND,
      node: 0,
      shard: SHARD,
      merged: 1,
      look: 0,
      units: samples,
      segment,
      base: trainSpec(spec).initialParameters,
      checkpointRoot: merkleRoot(checkpoints),
      ...unmerged,
    } as Audit;
    const options = { peer, signal: SIGNAL, stageMs, ...DEADLINE };
    return judgeUpdate(jobOf(spec), audit, options, modules);
  }

  it("refuses a loss that does not fit, and a decay that the chain would refuse", async () => {
    const misfit = async (changes: Partial<TrainOrder>) => {
      const error = await expectCodeAsync(() => specOf(changes), "BAD_HYPERPARAMETER");
      expect(error.remedy).to.be.a("string");
      return (error.facts as { field?: string }).field;
    };
    expect(await misfit({ loss: "binaryCrossentropy" })).to.equal("loss");
    expect(await misfit({ model: flowerModel("linear") })).to.equal("loss");
    const optimizer = { kind: "sgd", learningRate: 1, weightDecay: 1 } as const;
    expect(await misfit({ optimizer })).to.equal("optimizer.weightDecay");
  });
});

function jobOf(spec: JobSpec): Job {
  return { spec, client: new Uint8Array(20), participants: [{}] } as unknown as Job;
}
