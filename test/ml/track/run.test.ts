import { expect } from "chai";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { scoresOf } from "../../../chain/track/scores.ts";
import { trackTask, trainingCost } from "../../../chain/track/task.ts";
import type { Engine } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { testRows, trainRows } from "../../../ml/track/data.ts";
import { runTrack, type TrackRun, trackModel } from "../../../ml/track/run.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const TASK = trackTask(1);
const [MIX, LATER, KEY, OTHER] = [1, 2, 3, 4].map((n) => sha256(Uint8Array.of(n))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const RUN: TrackRun = {
  task: 1,
  mix: MIX,
  publicKey: KEY,
  recipe: { learningRate: 100_000, batchSize: 64, width: 32, epochs: 2 },
  testMix: LATER,
};

describe("a run of the open track", () => {
  let engine: Engine;
  before(async () => {
    engine = await createExactEngine();
  });

  async function run(changes: Partial<TrackRun> = {}, by: Engine = engine) {
    const steps = runTrack({ ...RUN, ...changes }, { engine: by, clock: { now: () => 0 } });
    let turn = await steps.next();
    while (turn.done !== true) turn = await steps.next();
    const { weights, test } = turn.value;
    return {
      weights: toHex(weights),
      outputs: test === undefined ? undefined : toHex(test.outputs),
      counts: Array.from(test?.confusion ?? []),
    };
  }

  it("gives the same bits on every machine", async () => {
    const { weights, outputs, counts } = await run();
    expect(weights).to.equal("9b6c8a7061aaa8204ce381916c70338289174c907cf968ac622a6a9db241eb34");
    expect(outputs).to.equal("66693361becea2032b963bca80c38f57919d50ac89f6ccdba5c32c1be0447bb1");
    expect(scoresOf(counts, TASK.testRows).f1).to.equal(396431);
  });

  it("has the same number of test rows for each class, and gives no test result without a test seed", async () => {
    const { counts } = await run();
    for (let label = 0; label < 10; label++) {
      const row = counts.slice(10 * label, 10 * label + 10);
      expect(row.reduce((sum, count) => sum + count, 0)).to.equal(200);
    }
    expect(await run({ testMix: undefined })).to.deep.include({ outputs: undefined, counts: [] });
  });

  it("is the node's own: another key, recipe or track trains other weights", async () => {
    const { weights } = await run();
    const others = [
      await run({ publicKey: OTHER }),
      await run({ mix: OTHER }),
      await run({ recipe: { ...RUN.recipe, learningRate: 100_001 } }),
    ];
    for (const other of others) expect(other.weights).not.to.equal(weights);
  });

  it("trains the same weights whatever it is tested on", async () => {
    const [first, second] = [await run(), await run({ testMix: OTHER })];
    expect(second.weights).to.equal(first.weights);
    expect(second.outputs).not.to.equal(first.outputs);
  });

  it("gives up if training diverges", async () => {
    const recipe = { ...RUN.recipe, learningRate: 10_000_000, batchSize: 1, epochs: 3 };
    await expectCodeAsync(() => run({ recipe }), "DIVERGED");
  });

  it("gives up if an output on the test rows is not finite, because its bits would depend on the machine", async () => {
    const nearly: Engine = {
      name: engine.name,
      version: engine.version,
      open: async (model, hyperparameters) => {
        const trainer = await engine.open(model, hyperparameters);
        return {
          parameterCount: trainer.parameterCount,
          load: (values: Float32Array) => trainer.load(values),
          parameters: () => trainer.parameters(),
          optimizerState: () => trainer.optimizerState(),
          step: trainer.step.bind(trainer),
          evaluate: trainer.evaluate.bind(trainer),
          predict: (_: Float32Array, count: number) =>
            new Float32Array(10 * count).fill(Number.NaN),
          restore: trainer.restore.bind(trainer),
          dispose: () => trainer.dispose(),
        };
      },
    };
    await expectCodeAsync(() => run({}, nearly), "DIVERGED");
    // Without a test there is nothing to see.
    expect((await run({ testMix: undefined }, nearly)).outputs).to.equal(undefined);
  });

  it("has the layers that its price counts", () => {
    const [hidden, output] = [64 * 7, 7 * 10];
    expect(trackModel(1, 7).parameterCount).to.equal(hidden + 7 + output + 10);
    // Of one row more: every weight is used twice, those after the first layer three times.
    const price = (width: number): bigint =>
      trainingCost({ ...TASK, trainRows: 1 }, { ...RUN.recipe, width, epochs: 1 });
    expect(price(14) - price(7)).to.equal(BigInt(2 * (2 * hidden + 3 * output)));
  });
});

describe("rows of the open track", () => {
  const first = (rows: ReturnType<typeof trainRows>) => {
    const [inputs, labels] = [new Float32Array(64 * 10), new Int32Array(10)];
    rows.batch(
      Uint32Array.from({ length: 10 }, (_, i) => i),
      inputs,
      labels,
    );
    return { inputs: Array.from(inputs), labels: Array.from(labels) };
  };

  it("are the same for all nodes, classes in turn", () => {
    expect(first(trainRows(TASK, MIX))).to.deep.equal(first(trainRows(TASK, MIX)));
    expect(first(trainRows(TASK, MIX)).labels).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(trainRows(TASK, MIX).rows).to.equal(TASK.trainRows);
  });

  it("are tested on others, which the later seed decides", () => {
    const tests = [testRows(TASK, MIX, LATER), testRows(TASK, MIX, OTHER), trainRows(TASK, MIX)];
    const values = tests.map((rows) => first(rows).inputs.join());
    expect(new Set(values).size).to.equal(3);
  });
});
