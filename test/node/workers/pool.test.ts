import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { merkleRoot } from "../../../chain/proof/hash-tree.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { buildDataset, type Dataset } from "../../../ml/dataset/build.ts";
import { type DatasetIndex, indexOfManifest } from "../../../ml/dataset/dataset-index.ts";
import { encodeManifest } from "../../../ml/dataset/manifest.ts";
import type { Rows } from "../../../ml/dataset/rows.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { ENGINE_HASH } from "../../../ml/exact/engine-hash.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../../ml/model/layers-model.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import { Random } from "../../../ml/random.ts";
import { runTrack } from "../../../ml/track/run.ts";
import { systemClock } from "../../../node/clock.ts";
import { type BlobSource, inMemory } from "../../../node/workers/blob-source.ts";
import type { DatasetSource } from "../../../node/workers/kinds/model-task.ts";
import type { TrainTask } from "../../../node/workers/kinds/train/task.ts";
import type { SpawnWorker } from "../../../node/workers/local-workers.ts";
import { WorkerPool } from "../../../node/workers/pool.ts";
import type { TaskProgress } from "../../../node/workers/task-control.ts";
import { WorkerError } from "../../../node/workers/worker-error.ts";
import type { LinkTimings } from "../../../node/workers/worker-link.ts";
import { SILENT } from "../../../p2p/log.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { until } from "../../helpers/until.ts";

const DEADLINE = { deadlineMs: 18_000 };
const ROW_SIZE = 16;
const CLASSES = 4;
const seed = new Uint8Array(32).fill(3);

function rowsOf(count: number): Rows {
  const random = new Random(new Uint8Array(32).fill(count % 256));
  const labels = Uint16Array.from({ length: count }, (_, row) => row % CLASSES);
  const features = Uint8Array.from({ length: count * ROW_SIZE }, (_, at) => {
    const label = labels[Math.floor(at / ROW_SIZE)] ?? 0;
    return random.below(100) + (at % CLASSES === label ? 100 : 0);
  });
  return { rowSize: ROW_SIZE, features, labels };
}

function makeDataset(): Dataset {
  return buildDataset(
    {
      name: "test",
      licence: "none",
      source: "made up",
      scale: 1 / 255,
      shape: [ROW_SIZE],
      columns: [],
      classes: ["a", "b", "c", "d"],
      train: rowsOf(400),
      test: rowsOf(100),
    },
    { rowsPerChunk: 50 },
  );
}

/** Counts the chunks that were really read. */
class CountedSource implements DatasetSource {
  readonly manifest: BlobSource;
  readonly index: DatasetIndex;
  reads = 0;
  readonly #dataset: Dataset;

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
    this.manifest = inMemory(encodeManifest(dataset.manifest));
    this.index = indexOfManifest(dataset.manifest, this.manifest.hash, this.manifest.size);
  }

  async *readChunk(split: "train" | "test", at: number): AsyncGenerator<Uint8Array> {
    this.reads += 1;
    const { manifest, chunks } = this.#dataset;
    yield chunks.get(manifest[split][at]?.file ?? "") ?? new Uint8Array(0);
  }
}

describe("WorkerPool", () => {
  const dataset = makeDataset();
  const json = presetModel("logistic", { inputShape: [ROW_SIZE], classes: CLASSES });
  const text = (value: string): BlobSource => inMemory(new TextEncoder().encode(value));
  const floats = (values: Float32Array): BlobSource => inMemory(bytesOfFloats(values));
  const model = text(JSON.stringify(json));
  const start = initialParameters(parseLayersModel(json), seed);
  const parameters = floats(start);
  const pools: WorkerPool[] = [];

  interface PoolChanges {
    readonly linkTimings?: Partial<LinkTimings>;
    readonly spawn?: SpawnWorker;
  }

  /** Ends with the test. */
  async function poolOf(localWorkers: number, changes: PoolChanges = {}): Promise<WorkerPool> {
    const pool = await startPool(localWorkers, changes);
    pools.push(pool);
    return pool;
  }

  async function startPool(
    localWorkers: number,
    { linkTimings = {}, spawn }: PoolChanges = {},
  ): Promise<WorkerPool> {
    const pool = new WorkerPool(
      {
        localWorkers,
        engineHash: ENGINE_HASH,
        linkTimings: { heartbeatMs: 200, stopMs: 8_000, ...linkTimings },
        restartTimings: { pauseMs: 20 },
      },
      { log: SILENT, clock: systemClock, ...(spawn === undefined ? {} : { spawn }) },
    );
    await pool.start();
    return pool;
  }

  function trainTask(changes: Partial<TrainTask> = {}): TrainTask {
    return {
      model,
      parameters,
      engine: "exact",
      hyperparameters: {
        optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
        batchSize: 10,
      },
      dataset: new CountedSource(dataset),
      chunks: [0, 2, 3],
      epochs: 2,
      seed,
      segments: 4,
      ...changes,
    };
  }

  /** Long enough to be interrupted. */
  const longTask = (): TrainTask => trainTask({ epochs: 5_000_000 });

  const idle = (pool: WorkerPool): boolean => pool.status().every(({ state }) => state === "idle");

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.stop()));
  });

  it("trains to the same bits on two workers, and improves the model", async () => {
    const pool = await poolOf(2);
    const progress: TaskProgress[] = [];
    const [one, two] = await Promise.all([
      pool.train(trainTask(), { ...DEADLINE, onProgress: (p) => progress.push(p) }),
      pool.train(trainTask(), DEADLINE),
    ]);
    expect(one.steps).to.equal(30);
    expect(one.samples).to.equal(300);
    expect(one.checkpoints).to.have.length(5);
    expect(one.parameters).to.deep.equal(two.parameters);
    expect(one.checkpoints).to.deep.equal(two.checkpoints);
    expect(one.parameters).not.to.deep.equal(start);
    expect(progress.at(-1)).to.include({ step: 30, steps: 30 });

    const { chunks: _, ...task } = trainTask();
    const before = await pool.evaluate(task, DEADLINE);
    const after = await pool.evaluate({ ...task, parameters: floats(one.parameters) }, DEADLINE);
    expect(before.samples).to.equal(100);
    expect(after.lossSum).to.be.lessThan(before.lossSum);
    expect(after.confusion.reduce((sum, count) => sum + count, 0)).to.equal(100);
  });

  it("repeats a task whose worker is killed, with the same result", async () => {
    const pool = await poolOf(1);
    const task = trainTask({ epochs: 4_000 });
    const quiet = await pool.train(task, DEADLINE);
    const seen: number[] = [];
    let killed: number | undefined;
    const disturbed = await pool.train(task, {
      ...DEADLINE,
      onProgress: ({ step }) => {
        seen.push(step);
        if (killed !== undefined) return;
        killed = pool.pid("local-1");
        process.kill(killed ?? process.pid, "SIGKILL");
      },
    });
    expect(seen.filter((step) => step === 1)).to.have.length(2);
    expect(pool.pid("local-1")).not.to.equal(killed);
    expect(disturbed.parameters).to.deep.equal(quiet.parameters);
    expect(disturbed.checkpoints).to.deep.equal(quiet.checkpoints);
  });

  it("gives a task up after the third worker lost", async () => {
    const entry = fileURLToPath(new URL("./dying-worker.ts", import.meta.url));
    let spawned = 0;
    const spawn: SpawnWorker = () => {
      spawned += 1;
      return fork(entry, [ENGINE_HASH], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    };
    const pool = await poolOf(1, { spawn });
    const error = await expectCodeAsync(() => pool.train(trainTask(), DEADLINE), "ATTEMPTS");
    expect(error.facts).to.include({ kind: "train", attempts: 3 });
    expect(spawned).to.be.at.least(3);
  });

  it("answers heartbeats while it trains", async () => {
    const failMs = 1_200;
    const pool = await poolOf(1, { linkTimings: { heartbeatMs: 50, suspectMs: 600, failMs } });
    await until(() => idle(pool), 10_000, "idle worker");
    const pid = pool.pid("local-1");
    const running = pool.train(longTask(), { deadlineMs: 1.5 * failMs });
    await expectCodeAsync(() => running, "DEADLINE");
    expect(pool.pid("local-1")).to.equal(pid);
  });

  it("ends a lane that never got a worker without segments", async () => {
    const pool = await poolOf(0);
    const lane = await pool.baseline(
      { task: 1, seed, stepsPerSegment: 10, maxSegments: 10 },
      { ...DEADLINE, until: AbortSignal.timeout(50) },
    );
    expect(lane).to.deep.equal({
      segments: 0,
      checkpoints: [],
      checkpointRoot: new Uint8Array(32),
      coreShare: undefined,
    });
  });

  it("keeps what a lane had reached when its worker dies before the end", async () => {
    const pool = await poolOf(1);
    const window = new AbortController();
    const lane = await pool.baseline(
      { task: 1, seed, stepsPerSegment: 10, maxSegments: 100_000 },
      {
        ...DEADLINE,
        until: window.signal,
        onState: (index) => {
          if (index !== 2) return;
          process.kill(pool.pid("local-1") ?? process.pid, "SIGKILL");
          window.abort();
        },
      },
    );
    expect(lane.segments).to.be.at.least(2);
    expect(lane.checkpoints).to.have.length(lane.segments + 1);
  });

  it("stops its workers and fails what is under way", async () => {
    const pool = await poolOf(1);
    await until(() => idle(pool), 10_000, "idle worker");
    const pid = pool.pid("local-1") ?? 0;
    const running = expectCodeAsync(() => pool.train(longTask(), DEADLINE), "STOPPED");
    await until(() => pool.status()[0]?.task === "train", 5_000, "task");
    await pool.stop();
    await running;
    expect(() => process.kill(pid, 0)).to.throw("ESRCH");
  });

  it("fails with its own error type", async () => {
    const pool = await poolOf(0);
    const error = await pool.train(trainTask(), { deadlineMs: 10 }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(WorkerError);
  });

  describe("with one worker for all", () => {
    let pool: WorkerPool;

    before(async () => {
      pool = await startPool(1);
    });
    after(() => pool.stop());

    it("sends a worker only the chunks it lacks", async () => {
      const source = new CountedSource(dataset);
      await pool.train(trainTask({ dataset: source, chunks: [0, 1] }), DEADLINE);
      expect(source.reads).to.equal(2);
      await pool.train(trainTask({ dataset: source, chunks: [0, 1, 5] }), DEADLINE);
      expect(source.reads).to.equal(3);
    });

    it("tells why a task failed, and goes on", async () => {
      const failures: [Partial<TrainTask>, string][] = [
        [{ parameters: floats(new Float32Array(3)) }, "BAD_TASK"],
        [{ model: text("{") }, "BAD_TASK"],
        [{ model: text('{"class_name":"Nope"}') }, "NOT_A_MODEL"],
        [{ parameters: floats(start.map(() => Number.NaN)) }, "BAD_TASK"],
      ];
      for (const [changes, reason] of failures) {
        const failed = await expectCodeAsync(
          () => pool.train(trainTask(changes), DEADLINE),
          "TASK_FAILED",
        );
        expect(failed.facts).to.include({ kind: "train", reason });
      }
      expect((await pool.train(trainTask(), DEADLINE)).steps).to.equal(30);
    });

    it("refuses an order that no worker would take", async () => {
      for (const changes of [{ epochs: 0 }, { seed: new Uint8Array(31) }, { segments: 1.5 }]) {
        const error = await expectCodeAsync(
          () => pool.train(trainTask(changes), DEADLINE),
          "BAD_TASK",
        );
        expect(error.message).to.contain(Object.keys(changes)[0]);
      }
      await expectCodeAsync(() => pool.train(trainTask({ chunks: [99] }), DEADLINE), "BAD_TASK");
    });

    it("passes on why an input could not be read", async () => {
      const { manifest, index } = new CountedSource(dataset);
      const readChunk = async function* (): AsyncGenerator<Uint8Array> {
        yield* [];
        throw new Error("disk gone");
      };
      const broken: DatasetSource = { manifest, index, readChunk };
      const failed = await pool
        .train(trainTask({ dataset: broken, chunks: [7] }), DEADLINE)
        .catch(String);
      expect(failed).to.contain("disk gone");
      expect((await pool.train(trainTask(), DEADLINE)).steps).to.equal(30);
    });

    it("keeps deadlines, while queued and while training", async () => {
      const running = pool.train(longTask(), { deadlineMs: 900 });
      const queued = pool.train(trainTask(), { deadlineMs: 300 });
      await expectCodeAsync(() => queued, "DEADLINE");
      await expectCodeAsync(() => running, "DEADLINE");
      // The worker heeded the stop: the same process takes the next task.
      const pid = pool.pid("local-1");
      await pool.train(trainTask(), DEADLINE);
      expect(pool.pid("local-1")).to.equal(pid);
    });

    it("gives a task up with its caller's reason", async () => {
      const abort = new AbortController();
      const running = pool.train(longTask(), {
        ...DEADLINE,
        signal: abort.signal,
        onProgress: () => abort.abort(new Error("round is over")),
      });
      expect(await running.catch(String)).to.contain("round is over");
      await until(() => idle(pool), 5_000, "idle worker");
    });

    it("runs the tfjs engine too", async () => {
      const layer = { units: CLASSES, activation: "softmax", batch_input_shape: [null, ROW_SIZE] };
      const layers = [{ class_name: "Dense", config: { name: "output", ...layer } }];
      const plain = { class_name: "Sequential", config: { name: "plain", layers } };
      const model = text(JSON.stringify(plain));
      const { chunks, ...task } = trainTask({ engine: "tfjs", model });
      const trained = await pool.train({ ...task, chunks }, DEADLINE);
      const before = await pool.evaluate(task, DEADLINE);
      const after = await pool.evaluate(
        { ...task, parameters: floats(trained.parameters) },
        DEADLINE,
      );
      expect(after.lossSum).to.be.lessThan(before.lossSum);
    });

    it("runs a node's part in the open track as it runs here", async () => {
      const pool = await poolOf(1);
      const recipe = { learningRate: 50_000, batchSize: 100, width: 16, epochs: 1 };
      const run = { task: 1, mix: seed, publicKey: sha256(seed), recipe, testMix: undefined };
      const tested = { ...run, testMix: seed };
      const engine = await createExactEngine();
      for (const each of [run, tested]) {
        const steps = runTrack(each, { engine, clock: systemClock });
        let step = await steps.next();
        while (step.done !== true) step = await steps.next();
        const result = await pool.track(each, DEADLINE);
        expect(toHex(result.weights)).to.equal(toHex(step.value.weights));
        expect(result.test?.confusion).to.deep.equal(step.value.test?.confusion);
        expect(result.test?.outputs.join()).to.equal(step.value.test?.outputs.join());
      }
      const diverging = {
        ...tested,
        recipe: { ...recipe, learningRate: 10_000_000, batchSize: 1 },
      };
      const failed = await expectCodeAsync(() => pool.track(diverging, DEADLINE), "TASK_FAILED");
      expect(failed.facts).to.include({ kind: "track", reason: "DIVERGED" });
      const dear = { ...tested, recipe: { ...recipe, epochs: 1000, width: 1024 } };
      const refused = await expectCodeAsync(() => pool.track(dear, DEADLINE), "TASK_FAILED");
      expect(refused.facts).to.include({ reason: "BAD_TASK" });
    });

    it("ends a baseline lane with what is done, and replays its segments", async () => {
      const states: Uint8Array[] = [];
      const window = new AbortController();
      const lane = await pool.baseline(
        { task: 1, seed, stepsPerSegment: 10, maxSegments: 100_000 },
        {
          ...DEADLINE,
          until: window.signal,
          onState: (index, state) => {
            states[index] = state;
            if (index === 3) window.abort();
          },
        },
      );
      expect(lane.segments).to.be.at.least(3);
      expect(lane.checkpoints).to.deep.equal(states.map((state) => sha256(state)));
      expect(lane.checkpointRoot).to.deep.equal(merkleRoot(lane.checkpoints));

      const [, , startState = new Uint8Array()] = states;
      const task = { task: 1, seed, index: 2, stepsPerSegment: 10, startState };
      expect(await pool.replay(task, DEADLINE)).to.deep.equal(lane.checkpoints[3]);
      const forged = startState.slice();
      forged[400] = (forged[400] ?? 0) ^ 1;
      const end = await pool.replay({ ...task, startState: forged }, DEADLINE);
      expect(toHex(end)).not.to.equal(toHex(lane.checkpoints[3] ?? new Uint8Array()));
    });
  });
});
