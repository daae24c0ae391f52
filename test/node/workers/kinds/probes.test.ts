import { expect } from "chai";
import { sha256 } from "../../../../chain/crypto/hash.ts";
import { LaneProbe } from "../../../../node/workers/kinds/baseline/probe.ts";
import type { BaselineTaskResult } from "../../../../node/workers/kinds/baseline/task.ts";
import type { ReplayTask } from "../../../../node/workers/kinds/replay/task.ts";
import { TrainProbe } from "../../../../node/workers/kinds/train/probe.ts";
import type { TrainTask, TrainTaskResult } from "../../../../node/workers/kinds/train/task.ts";
import { WorkerError } from "../../../../node/workers/worker-error.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";

const SEGMENTS = 16;
/** As many steps as asked for, one for each row. */
function taskOf(steps: number): TrainTask {
  const dataset = { index: { train: { rows: Uint32Array.of(steps) } } };
  const order = { dataset, chunks: [0], epochs: 1, hyperparameters: { batchSize: 1 } };
  return { ...order, segments: SEGMENTS } as unknown as TrainTask;
}
const task = taskOf(SEGMENTS);
const hashOf = (i: number): Uint8Array => sha256(Uint8Array.of(i));
const honest = Array.from({ length: SEGMENTS + 1 }, (_, i) => hashOf(i));

/** Whether a run that differs in these segments is found, when these numbers are drawn. */
async function isFound(wrong: readonly number[], draws: readonly number[]): Promise<boolean> {
  const left = [...draws];
  const probe = new TrainProbe(task, true, () => left.shift() ?? 0);
  for (let index = 1; index < SEGMENTS; index++) probe.onState(index, Uint8Array.of(index));
  const result = { checkpoints: honest } as unknown as TrainTaskResult;
  try {
    await probe.check("remote-1", result, async ({ segment, startState }) => {
      expect(startState).to.deep.equal(segment === 0 ? undefined : Uint8Array.of(segment));
      const end = wrong.includes(segment) ? hashOf(99) : hashOf(segment + 1);
      return { origin: hashOf(0), end };
    });
    return false;
  } catch (error) {
    expect(error).to.be.instanceOf(WorkerError).and.include({ code: "SPOT_CHECK" });
    return true;
  }
}

describe("TrainProbe", () => {
  it("finds as many wrong runs as the documentation says: 2 of 16 parts a run, over all draws", async () => {
    const share = async (wrong: readonly number[]): Promise<[found: number, of: number]> => {
      let [found, of] = [0, 0];
      for (let first = 0; first < SEGMENTS; first++) {
        for (let second = 0; second < SEGMENTS - 1; second++) {
          of++;
          if (await isFound(wrong, [first, second])) found++;
        }
      }
      return [found, of];
    };
    for (let segment = 0; segment < SEGMENTS; segment++) {
      const [found, of] = await share([segment]);
      expect(found / of, `segment ${segment}`).to.equal(2 / 16);
    }
    const half = await share([0, 2, 4, 6, 8, 10, 12, 14]);
    expect(1 - half[0] / half[1]).to.be.closeTo((8 / 16) * (7 / 15), 1e-12);
    expect(await share([])).to.deep.equal([0, 240]);
    expect((await share(honest.map((_, i) => i)))[0]).to.equal(240);
  });

  it("finds a run that is reported in fewer parts than it has, so that the drawn ones are missing", async () => {
    const told = [
      [hashOf(0), hashOf(99)],
      honest.slice(0, -1),
      [hashOf(0)],
      [],
      [...honest, hashOf(17)],
    ];
    for (const checkpoints of told) {
      const probe = new TrainProbe(task, true, () => 7);
      const result = { checkpoints } as unknown as TrainTaskResult;
      const again = async () => ({ origin: hashOf(0), end: hashOf(99) });
      await expectCodeAsync(() => probe.check("remote-1", result, again), "SPOT_CHECK");
    }
  });

  it("draws among the parts that a short run has", async () => {
    const probe = new TrainProbe(taskOf(3), true, (count) => count - 1);
    for (const index of [1, 2]) probe.onState(index, Uint8Array.of(index));
    const asked: number[] = [];
    const result = { checkpoints: honest.slice(0, 4) } as unknown as TrainTaskResult;
    await probe.check("remote-1", result, async ({ segment }) => {
      asked.push(segment);
      return { origin: hashOf(0), end: hashOf(segment + 1) };
    });
    expect(asked).to.deep.equal([2, 1]);
  });

  it("checks the first part of a run without states, whose start is the node's own", async () => {
    const probe = new TrainProbe(task, false, () => 7);
    const result = { checkpoints: honest } as unknown as TrainTaskResult;
    const asked: number[] = [];
    await probe.check("remote-1", result, async ({ segment }) => {
      asked.push(segment);
      return { origin: hashOf(0), end: hashOf(1) };
    });
    expect(asked).to.deep.equal([0]);
    const otherStart = async () => ({ origin: hashOf(50), end: hashOf(1) });
    await expectCodeAsync(() => probe.check("remote-1", result, otherStart), "SPOT_CHECK");
  });

  it("treats an impossible start state as wrong, but not a failure of this machine", async () => {
    const probe = new TrainProbe(task, false, () => 0);
    const result = { checkpoints: honest } as unknown as TrainTaskResult;
    const failing = (reason: string) => () =>
      probe.check("remote-1", result, async () => {
        const facts = { code: "TASK_FAILED", kind: "retrain", worker: "local-1", reason } as const;
        throw new WorkerError("no", facts);
      });
    await expectCodeAsync(failing("BAD_CHECKPOINT"), "SPOT_CHECK");
    await expectCodeAsync(failing("DIVERGED"), "SPOT_CHECK");
    await expectCodeAsync(failing("OUT_OF_MEMORY"), "TASK_FAILED");
  });
});

describe("LaneProbe", () => {
  const lane = { task: 1, seed: hashOf(1), stepsPerSegment: 10, maxSegments: 10 };

  /** The segment that is done again of a lane of 5 states, when these numbers are drawn. */
  async function drawn(draws: readonly number[]): Promise<number> {
    const left = [...draws];
    const probe = new LaneProbe(lane, () => left.shift() ?? 0);
    const checkpoints = [0, 1, 2, 3, 4].map(hashOf);
    for (let index = 0; index < 5; index++) probe.onState(index, Uint8Array.of(index));
    const asked: number[] = [];
    await probe.check(
      "remote-1",
      { checkpoints } as unknown as BaselineTaskResult,
      async ({ index, startState }: ReplayTask) => {
        expect(startState).to.deep.equal(Uint8Array.of(index));
        asked.push(index);
        return hashOf(index + 1);
      },
    );
    expect(asked).to.have.length(1);
    return asked[0] ?? -1;
  }

  it("draws each segment with the same chance, however long the lane will be", async () => {
    const counts = [0, 0, 0, 0];
    for (let b = 0; b < 2; b++) {
      for (let c = 0; c < 3; c++) {
        for (let d = 0; d < 4; d++) {
          const segment = await drawn([0, b, c, d]);
          counts[segment] = (counts[segment] ?? 0) + 1;
        }
      }
    }
    expect(counts).to.deep.equal([6, 6, 6, 6]);
  });

  it("refuses a lane whose drawn segment ends elsewhere, and has nothing to say of one without", async () => {
    const probe = new LaneProbe(lane, () => 0);
    const none = { checkpoints: [hashOf(0)] } as unknown as BaselineTaskResult;
    await probe.check("remote-1", none, async () => hashOf(99));
    probe.onState(0, Uint8Array.of(0));
    probe.onState(1, Uint8Array.of(1));
    const one = { checkpoints: [hashOf(0), hashOf(1)] } as unknown as BaselineTaskResult;
    await expectCodeAsync(() => probe.check("remote-1", one, async () => hashOf(99)), "SPOT_CHECK");
  });
});
