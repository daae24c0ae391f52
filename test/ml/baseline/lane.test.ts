import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { merkleProof, verifyMerkleProof } from "../../../chain/proof/hash-tree.ts";
import { BASELINE_TASKS, stepFlops } from "../../../chain/rating/baseline.ts";
import {
  type LaneOptions,
  type LaneParts,
  type LaneProgress,
  type LaneResult,
  runLane,
} from "../../../ml/baseline/lane.ts";
import { replaySegment } from "../../../ml/baseline/replay.ts";
import { BATCH_SIZE, baselineModel } from "../../../ml/baseline/task.ts";
import type { Engine } from "../../../ml/engine.ts";
import { createExactEngine } from "../../../ml/exact/engine.ts";
import { metricsOf, ratiosOf } from "../../../ml/metrics.ts";
import { encodeCheckpoint } from "../../../ml/training/checkpoint.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";

const SEED = new Uint8Array(32).fill(1);
const STEPS = 10;
interface Lane {
  readonly progress: LaneProgress[];
  readonly result: LaneResult;
  /** Encoded states as a node would serve them. */
  readonly states: Uint8Array[];
}

describe("baseline tasks", () => {
  let engine: Engine;

  before(async () => {
    engine = await createExactEngine();
  });

  async function lane(
    options: Partial<LaneOptions> = {},
    given: Partial<LaneParts> = {},
  ): Promise<Lane> {
    const states: Uint8Array[] = [];
    const run = runLane(
      { seed: SEED, stepsPerSegment: STEPS, ...options },
      {
        engine,
        clock: { now: () => 0 },
        onCheckpoint: (_, state) => states.push(encodeCheckpoint(state)),
        ...given,
      },
    );
    const progress: LaneProgress[] = [];
    for (;;) {
      const next = await run.next();
      if (next.done) return { progress, result: next.value, states };
      progress.push(next.value);
    }
  }

  describe("runLane", () => {
    it("counts segments, operations and test results, and commits to every state", async () => {
      const { progress, result, states } = await lane({ maxSegments: 12 });
      expect(progress.map(({ segments }) => segments)).to.deep.equal(
        Array.from({ length: 12 }, (_, i) => i + 1),
      );
      expect(result.segments).to.equal(12);
      expect(result.checkpoints).to.have.lengthOf(13);
      expect(states).to.have.lengthOf(13);
      expect(result.flops).to.equal(120n * stepFlops(1));
      expect(new Set(result.checkpoints.map(toHex)).size).to.equal(13);
      // Two rounds of 1,024 test rows, the second cut short.
      expect(result.confusion.reduce((sum, count) => sum + count, 0)).to.equal(2048);
    });

    it("has an accuracy that distinguishes training from guessing", async () => {
      const { result } = await lane({ maxSegments: 10, stepsPerSegment: 60 });
      const { accuracy } = metricsOf({ lossSum: 0, samples: 1024, confusion: result.confusion });
      expect(accuracy).to.be.within(500_000, 950_000);
    });

    it("gives the same bits for the same seed and nothing in common for another", async () => {
      const first = await lane({ maxSegments: 3 });
      const again = await lane({ maxSegments: 3 });
      const other = await lane({ maxSegments: 3, seed: new Uint8Array(32) });
      expect(again.result).to.deep.equal(first.result);
      // The zero state is common to all.
      expect(other.result.checkpoints[0]).to.deep.equal(first.result.checkpoints[0]);
      for (const index of [1, 2, 3]) {
        expect(other.result.checkpoints[index]).not.to.deep.equal(first.result.checkpoints[index]);
      }
    });

    it("drops the segment the deadline cuts", async () => {
      let now = 0;
      const { result } = await lane({ untilMs: 25 }, { clock: { now: () => now++ } });
      expect(result.segments).to.equal(2);
      expect(result.checkpoints).to.have.lengthOf(3);
    });

    it("ends with its finished segments when it is told to stop", async () => {
      const controller = new AbortController();
      const run = runLane(
        { seed: SEED, stepsPerSegment: STEPS },
        { engine, clock: { now: () => 0 }, signal: controller.signal },
      );
      await run.next();
      controller.abort();
      const end = await run.next();
      if (!end.done) return expect.fail("the lane went on");
      expect(end.value.segments).to.equal(1);
    });

    it("refuses to run without a limit", async () => {
      let refused = false;
      await lane().catch((error: unknown) => {
        refused = error instanceof RangeError;
      });
      expect(refused).to.equal(true);
    });
  });

  describe("replaySegment", () => {
    it("reproduces every segment of a lane, across rounds, under the committed root", async () => {
      const { result, states } = await lane({ maxSegments: 12 });
      for (const [index, startState] of states.slice(0, -1).entries()) {
        const replayed = await replaySegment(
          { seed: SEED, index, startState, stepsPerSegment: STEPS },
          { engine },
        );
        const { checkpointRoot, checkpoints } = result;
        const start = merkleProof(checkpoints, index);
        const end = merkleProof(checkpoints, index + 1);
        expect(verifyMerkleProof(checkpointRoot, replayed.start, start)).to.equal(true);
        expect(verifyMerkleProof(checkpointRoot, replayed.end, end)).to.equal(true);
      }
    });

    it("ends elsewhere for another seed, place or number of steps", async () => {
      const { result, states } = await lane({ maxSegments: 2 });
      const startState = states[1] ?? new Uint8Array();
      const honest = { seed: SEED, index: 1, startState, stepsPerSegment: STEPS };
      const replay = async (change: object): Promise<string> =>
        toHex((await replaySegment({ ...honest, ...change }, { engine })).end);
      const committed = toHex(result.checkpoints[2] ?? new Uint8Array());
      expect(await replay({})).to.equal(committed);
      expect(await replay({ seed: new Uint8Array(32) })).not.to.equal(committed);
      expect(await replay({ index: 2 })).not.to.equal(committed);
      expect(await replay({ stepsPerSegment: STEPS - 1 })).not.to.equal(committed);
    });

    it("refuses a lane that does not start from the zero state, and damaged states", async () => {
      const { states } = await lane({ maxSegments: 1 });
      const startState = states[1] ?? new Uint8Array();
      const replay = (state: Uint8Array): Promise<unknown> =>
        replaySegment(
          { seed: SEED, index: 0, startState: state, stepsPerSegment: STEPS },
          { engine },
        );
      await expectCodeAsync(() => replay(startState), "BAD_CHECKPOINT");
      await expectCodeAsync(() => replay(startState.subarray(1)), "BAD_CHECKPOINT");
    });

    it("refuses states with optimizer values, which the task does not have", async () => {
      const parameters = new Float32Array(baselineModel(1).parameterCount);
      const startState = encodeCheckpoint({ parameters, optimizerState: new Float32Array(1) });
      for (const index of [0, 1, 10, 11]) {
        await expectCodeAsync(
          () =>
            replaySegment({ seed: SEED, index, startState, stepsPerSegment: STEPS }, { engine }),
          "BAD_CHECKPOINT",
        );
      }
    });
  });

  describe("baselineModel", () => {
    it("takes the operations per step that the chain counts, in every version", () => {
      for (let task = 1; task <= BASELINE_TASKS; task++) {
        expect(BigInt(baselineModel(task).flopsPerSample * BATCH_SIZE)).to.equal(stepFlops(task));
      }
      expect(() => baselineModel(BASELINE_TASKS + 1)).to.throw(RangeError);
    });

    it("is learnt and replayed to the same bits, in every version", async () => {
      const engine = await createExactEngine();
      for (let task = 1; task <= BASELINE_TASKS; task++) {
        const states: Uint8Array[] = [];
        const options = { task, seed: new Uint8Array(32).fill(task), stepsPerSegment: 60 };
        const lane = runLane(
          { ...options, maxSegments: 3 },
          {
            engine,
            clock: performance,
            onCheckpoint: (_, state) => states.push(encodeCheckpoint(state)),
          },
        );
        let turn = await lane.next();
        while (turn.done !== true) turn = await lane.next();
        const { accuracy } = ratiosOf(
          metricsOf({ lossSum: 0, samples: 1024, confusion: turn.value.confusion }),
        );
        // Guessing gives 0.1.
        expect(accuracy).to.be.above(0.2);
        const startState = states[1] ?? new Uint8Array(0);
        const { end } = await replaySegment({ ...options, index: 1, startState }, { engine });
        expect(end).to.deep.equal(turn.value.checkpoints[2]);
      }
    });
  });
});
