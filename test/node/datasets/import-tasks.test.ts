import { expect } from "chai";
import { PomlError } from "../../../chain/errors.ts";
import type { DatasetSummary } from "../../../node/datasets/dataset-summary.ts";
import type { ImportProgress } from "../../../node/datasets/import-order.ts";
import { ImportTasks } from "../../../node/datasets/import-tasks.ts";
import { SILENT } from "../../../p2p/log.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const NEVER = new AbortController().signal;
const DATASET = { id: "d", name: "n", notes: [] } as unknown as DatasetSummary;

interface Run {
  readonly onProgress: ImportProgress;
  readonly end: (error?: Error) => void;
}

describe("imports as tasks", () => {
  let runs: Run[];
  let tasks: ImportTasks;
  let ended: boolean[];
  const clock = { nowMs: 1000, now: () => clock.nowMs };
  const work = {
    source: { kind: "csv", name: "n", settings: {}, file: "/none" },
    output: "/none",
    finally: async (isDone: boolean) => {
      ended.push(isDone);
    },
  } as const;

  beforeEach(() => {
    runs = [];
    ended = [];
    tasks = new ImportTasks({
      clock,
      log: SILENT,
      run: (_, { onProgress, signal }) =>
        new Promise((resolve, reject) => {
          const stop = (): void => reject(new PomlError("stopped", { code: "IMPORT_CANCELLED" }));
          signal.addEventListener("abort", stop);
          runs.push({
            onProgress,
            end: (error) => (error === undefined ? resolve() : reject(error)),
          });
        }),
      adopt: async () => DATASET,
    });
  });

  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };

  it("run one after the other, with progress and a result", async () => {
    const first = tasks.start(work);
    const second = tasks.start(work);
    await until(() => runs.length === 1);
    runs[0]?.onProgress(0.5, "reading");
    expect(tasks.get(first.id)).to.include({ state: "running", progress: 0.5, step: "reading" });
    expect(tasks.get(second.id)).to.include({ state: "queued" });
    runs[0]?.end();
    expect(await tasks.wait(first.id, NEVER)).to.include({ state: "done", result: DATASET });
    await until(() => runs.length === 2);
    runs[1]?.end(new PomlError("no", { code: "NO_LABELS" }));
    const failed = await tasks.wait(second.id, NEVER);
    expect(failed?.state).to.equal("failed");
    expect(failed?.error).to.have.property("code", "NO_LABELS");
    expect(ended).to.deep.equal([true, false]);
  });

  it("answer a wait that ends before they do", async () => {
    const { id } = tasks.start(work);
    expect((await tasks.wait(id, AbortSignal.abort()))?.ended).to.equal(undefined);
    expect(await tasks.wait("unknown", NEVER)).to.equal(undefined);
  });

  it("are cancelled while they run and while they wait", async () => {
    const first = tasks.start(work);
    const second = tasks.start(work);
    await until(() => runs.length === 1);
    tasks.cancel(second.id);
    tasks.cancel(first.id);
    expect((await tasks.wait(first.id, NEVER))?.state).to.equal("cancelled");
    expect((await tasks.wait(second.id, NEVER))?.state).to.equal("cancelled");
    expect(runs).to.have.lengthOf(1);
  });

  it("are bounded in number, and forgotten after an hour", async () => {
    const all = Array.from({ length: 9 }, () => tasks.start(work));
    expectCode(() => tasks.start(work), "TOO_MANY_IMPORTS");
    await tasks.stop();
    clock.nowMs += 3_700_000;
    tasks.start(work);
    expect(tasks.get(all[0]?.id ?? "")).to.equal(undefined);
    expect(tasks.list()).to.have.lengthOf(1);
    await tasks.stop();
  });
});
