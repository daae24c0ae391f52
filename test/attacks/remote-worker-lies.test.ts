/**
 * The machine of a remote worker was taken over, or its memory is bad: it sends work that was never done, or comes out
 * wrong. Gain sought: the node commits to it, is audited and loses bond and rating; or accuses honest nodes.
 *
 * Parts of what a remote worker sends, drawn by the node, are done again on the node's own machine before it is used.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { WebSocket } from "ws";
import { bytesOfFloats } from "../../ml/bytes.ts";
import { buildDataset } from "../../ml/dataset/build.ts";
import { indexOfManifest } from "../../ml/dataset/dataset-index.ts";
import { encodeManifest } from "../../ml/dataset/manifest.ts";
import type { Engine, EngineName, Trainer } from "../../ml/engine.ts";
import { ENGINE_HASH } from "../../ml/exact/engine-hash.ts";
import { initialParameters } from "../../ml/model/initial-parameters.ts";
import { parseLayersModel } from "../../ml/model/layers-model.ts";
import { presetModel } from "../../ml/model/presets.ts";
import { systemClock } from "../../node/clock.ts";
import { processMeter } from "../../node/core-meter.ts";
import { BlobCache } from "../../node/workers/blob-cache.ts";
import { inMemory } from "../../node/workers/blob-source.ts";
import { SearchThread } from "../../node/workers/kinds/search/search-thread.ts";
import type { TrainTask } from "../../node/workers/kinds/train/task.ts";
import { machineToken } from "../../node/workers/machine-token.ts";
import { WorkerPool } from "../../node/workers/pool.ts";
import { WORKERS_PATH } from "../../node/workers/protocol.ts";
import { TrainerCache } from "../../node/workers/trainer-cache.ts";
import { WorkerSession } from "../../node/workers/worker-session.ts";
import { type Log, SILENT } from "../../p2p/log.ts";
import { expectCodeAsync } from "../helpers/expect-code.ts";
import { until } from "../helpers/until.ts";

const TOKEN = "a-worker-token";
const DEADLINE = { deadlineMs: 60_000 };
const SEGMENTS = 4;
const seed = new Uint8Array(32).fill(3);

/** Trains as it should, and then moves one number by a hair in the steps it likes. */
class LyingTrainers extends TrainerCache {
  readonly #lies: (step: number) => boolean;

  constructor(lies: (step: number) => boolean) {
    super(SILENT);
    this.#lies = lies;
  }

  override async engine(name: EngineName): Promise<Engine> {
    const engine = await super.engine(name);
    const lies = this.#lies;
    return {
      name: engine.name,
      version: engine.version,
      open: async (model, settings) => lying(await engine.open(model, settings), lies),
    };
  }
}

function lying(trainer: Trainer, lies: (step: number) => boolean): Trainer {
  let steps = 0;
  return {
    parameterCount: trainer.parameterCount,
    load: (parameters) => {
      steps = 0;
      trainer.load(parameters);
    },
    parameters: () => trainer.parameters(),
    optimizerState: () => trainer.optimizerState(),
    restore: (parameters, state) => trainer.restore(parameters, state),
    step: (...given) => {
      const loss = trainer.step(...given);
      if (lies(steps++)) {
        const parameters = trainer.parameters();
        parameters[0] = (parameters[0] ?? 0) + 1e-3;
        trainer.restore(parameters, trainer.optimizerState());
      }
      return loss;
    },
    evaluate: (...given) => ({ ...trainer.evaluate(...given), lossSum: 0 }),
    predict: (...given) => trainer.predict(...given),
    dispose: () => trainer.dispose(),
  };
}

describe("attack: a remote worker lies", function () {
  this.timeout(90_000);
  let pool: WorkerPool;
  let server: Server;
  let errors: string[];
  const sockets: WebSocket[] = [];

  /** @param draws numbers that are drawn one after another, in place of random ones */
  async function open(draws?: number[]): Promise<void> {
    errors = [];
    const log: Log = { ...SILENT, error: (message) => errors.push(message) };
    pool = new WorkerPool(
      {
        localWorkers: 1,
        engineHash: ENGINE_HASH,
        remoteToken: { current: TOKEN, refresh: async () => {} },
      },
      {
        log,
        clock: systemClock,
        ...(draws === undefined ? {} : { draw: (count) => (draws.shift() ?? 0) % count }),
      },
    );
    server = createServer();
    server.on("upgrade", (request, socket, head) => pool.handleUpgrade(request, socket, head));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    await pool.start();
  }

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await pool.stop();
    server.close();
  });

  /** The local worker takes a while to start: until then there is no other. */
  async function link(
    lies: (step: number) => boolean,
    { token = TOKEN, localAddress = "127.0.0.1" } = {},
  ): Promise<WorkerSession> {
    const { port } = server.address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}${WORKERS_PATH}`, {
      headers: { authorization: `Bearer ${token}` },
      localAddress,
    });
    sockets.push(socket);
    await once(socket, "open");
    const count = remotes().length;
    const session = new WorkerSession(
      socket,
      { engineHash: ENGINE_HASH, threads: 1, platform: "test" },
      {
        clock: systemClock,
        meter: processMeter,
        log: SILENT,
        cache: new BlobCache(1024 * 1024),
        trainers: new LyingTrainers(lies),
        searches: new SearchThread({ clock: systemClock, meter: processMeter }),
      },
    );
    await until(() => remotes().length > count, 10_000, "remote worker");
    return session;
  }

  const remotes = () => pool.status().filter(({ kind }) => kind === "remote");
  const states = () => remotes().map(({ state }) => state);

  it("training with a wrong step in every segment is always found, dropped and done again here", async () => {
    await open();
    const [task, sent] = [trainTask(), [] as number[]];
    await link((step) => step % 5 === 4);
    const onState = (index: number): void => {
      sent.push(index);
    };
    const result = await pool.train(task, { ...DEADLINE, onState });
    expect(
      sent.filter((index) => index === 1),
      "two runs",
    ).to.have.length(2);
    expect(states()).to.deep.equal(["set-aside"]);
    expect(errors).to.deep.equal([
      "a remote worker sent wrong work: it is dropped, and the worker set aside",
    ]);
    // What is used is what the node's own worker comes to.
    const own = await pool.train(task, DEADLINE);
    expect(result.parameters).to.deep.equal(own.parameters);
    expect(result.checkpoints).to.deep.equal(own.checkpoints);
  });

  it("one wrong segment is found when it is drawn, and an honest worker is believed", async () => {
    // Of the 4 segments the third is wrong: first the first two are drawn, then it.
    await open([0, 0, 2, 0]);
    const task = trainTask();
    await link((step) => step === 2 * STEPS_PER_SEGMENT);
    const onState = (): void => {};
    const missed = await pool.train(task, { ...DEADLINE, onState });
    expect([...states(), ...errors]).to.deep.equal(["idle"]);
    await until(() => pool.status().every(({ state }) => state === "idle"), 20_000, "idle workers");
    const caught = await pool.train(task, { ...DEADLINE, onState });
    expect(states()).to.deep.equal(["set-aside"]);
    expect(caught.parameters).not.to.deep.equal(missed.parameters);
  });

  it("a lane of wrong work is not claimed, and a worker of that machine gets nothing for a day", async () => {
    await open();
    await link((step) => step % 10 === 9);
    const window = new AbortController();
    const lane = pool.baseline(
      { task: 1, seed, stepsPerSegment: 10, maxSegments: 1000 },
      {
        ...DEADLINE,
        until: window.signal,
        onState: (index) => {
          if (index === 4) window.abort();
        },
      },
    );
    await expectCodeAsync(() => lane, "SPOT_CHECK");
    expect(states()).to.deep.equal(["set-aside"]);
    await link(() => false);
    expect(states()).to.deep.equal(["set-aside", "set-aside"]);
  });

  it("a machine with a token of its own is known from any address, and no other machine pays for it", async () => {
    await open();
    const bad = { token: machineToken(TOKEN, "bad"), localAddress: "127.0.0.2" };
    await link((step) => step % 5 === 4, bad);
    await pool.train(trainTask(), { ...DEADLINE, onState: () => {} });
    expect(states()).to.deep.equal(["set-aside"]);
    for (const socket of sockets.splice(0)) socket.terminate();
    await until(() => remotes().length === 0, 10_000, "end of the link");
    const places = [
      [{ ...bad, localAddress: "127.0.0.3" }, "set-aside"],
      [{ token: machineToken(TOKEN, "good"), localAddress: "127.0.0.2" }, "idle"],
    ] as const;
    for (const [place, state] of places) {
      await link(() => false, place);
      expect(states().at(-1), place.localAddress).to.equal(state);
    }
    process.stdout.write(
      `        ${remotes()
        .map(({ id, state }) => `${id}: ${state}`)
        .join(", ")}\n`,
    );
  });

  it("a lane is checked also when its worker vanishes as the window ends", async () => {
    await open();
    const session = await link((step) => step % 10 === 9);
    const window = new AbortController();
    const lane = pool.baseline(
      { task: 1, seed, stepsPerSegment: 10, maxSegments: 1000 },
      {
        ...DEADLINE,
        until: window.signal,
        onState: (index) => {
          if (index !== 4) return;
          window.abort();
          session.close("gone");
        },
      },
    );
    await expectCodeAsync(() => lane, "SPOT_CHECK");
  });

  it("answers about others' work, which are no runs with segments, come from this machine alone", async () => {
    await open();
    await link(() => true);
    const { chunks: _, ...task } = trainTask();
    const { lossSum } = await pool.evaluate(task, DEADLINE);
    // The remote worker was idle before the node's own had started, and would have said 0.
    expect(lossSum).to.be.above(1);
    expect(states()).to.deep.equal(["idle"]);
  });
});

/** 40 rows, batches of 10, five passes: 20 steps. */
const STEPS_PER_SEGMENT = 5;
const CLASSES = 2;

function trainTask(): TrainTask {
  const rows = {
    rowSize: 4,
    features: Uint8Array.from({ length: 160 }, (_, i) => (i * 37) % 251),
    labels: Uint16Array.from({ length: 40 }, (_, i) => i % CLASSES),
  };
  const made = { name: "t", licence: "none", source: "made up", scale: 1 / 255, columns: [] };
  const { manifest, chunks } = buildDataset(
    { ...made, shape: [4], classes: ["a", "b"], train: rows, test: rows },
    { rowsPerChunk: 20 },
  );
  const json = presetModel("logistic", { inputShape: [4], classes: CLASSES });
  const bytes = inMemory(encodeManifest(manifest));
  return {
    model: inMemory(new TextEncoder().encode(JSON.stringify(json))),
    parameters: inMemory(bytesOfFloats(initialParameters(parseLayersModel(json), seed))),
    engine: "exact",
    hyperparameters: {
      optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
      batchSize: 10,
    },
    dataset: {
      manifest: bytes,
      index: indexOfManifest(manifest, bytes.hash, bytes.size),
      readChunk: async function* (split, at) {
        yield chunks.get(manifest[split][at]?.file ?? "") ?? new Uint8Array(0);
      },
    },
    chunks: [0, 1],
    epochs: 5,
    seed,
    segments: SEGMENTS,
  };
}
