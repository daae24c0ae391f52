import { execFile, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { HelperTasks } from "../../../node/compose/helper-tasks.ts";
import { Helper, type HelperLimits } from "../../../node/helpers/helper.ts";
import type { InspectTask } from "../../../node/jobs/train/orders/inspect-order.ts";
import { SILENT } from "../../../p2p/log.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { until } from "../../helpers/until.ts";

const STUCK = fileURLToPath(new URL("../../helpers/stuck/stuck-helper.ts", import.meta.url));
const DYING = fileURLToPath(new URL("../../helpers/stuck/dying-parent.ts", import.meta.url));
const LIMITS: HelperLimits = { timeMs: 60_000, cpuMs: 60_000, memoryBytes: 2 ** 31 };
const CALL = { signal: new AbortController().signal, turn: { group: "", member: "" } };
const TASK = {} as InspectTask;

function stuck(how: string): Helper<HelperTasks> {
  const spawn = () => fork(STUCK, [how], { serialization: "advanced", stdio: "ignore" });
  return new Helper({ log: SILENT, spawn: () => spawn() });
}

describe("a helper process", function () {
  this.timeout(60_000);

  for (const [how, limits, what] of [
    ["computes", { cpuMs: 300 }, "cpu"],
    ["computes", { timeMs: 300 }, "time"],
    ["waits", { timeMs: 300 }, "time"],
    ["grows", { memoryBytes: 200 * 1024 * 1024 }, "memory"],
  ] as const) {
    it(`that ${how} is killed at its limit of ${what}`, async () => {
      const helper = stuck(how);
      const task = helper.run("inspect", TASK, { ...LIMITS, ...limits }, CALL);
      const error = await expectCodeAsync(() => task, "HELPER_LIMIT");
      expect(error.facts).to.include({ task: "inspect", what });
      expect(helper.pid).to.equal(undefined);
      await helper.stop();
    });
  }

  it("that dies is reported, and another takes the next task", async () => {
    const helper = stuck("dies");
    const run = () => helper.run("inspect", TASK, LIMITS, CALL);
    await expectCodeAsync(run, "HELPER_LOST");
    await expectCodeAsync(run, "HELPER_LOST");
    await helper.stop();
  });

  it("that refuses a task goes on with the next", async () => {
    const helper = stuck("fails");
    const run = () => helper.run("inspect", TASK, LIMITS, CALL);
    await expectCodeAsync(run, "HELPER_FAILED");
    const { pid } = helper;
    await expectCodeAsync(run, "HELPER_FAILED");
    expect(helper.pid).to.equal(pid);
    await helper.stop();
    await expectCodeAsync(run, "HELPER_STOPPED");
  });

  it("is killed with a task for which no caller waits any more", async () => {
    const helper = stuck("waits");
    const control = new AbortController();
    const task = helper.run("inspect", TASK, LIMITS, { ...CALL, signal: control.signal });
    const left = new Error("nobody waits");
    control.abort(left);
    const reason = await task.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(reason).to.equal(left);
    expect(helper.pid).to.equal(undefined);
    await helper.stop();
  });

  it("that computes ends with its node, also when that was killed", async () => {
    const told = await new Promise<string>((resolve) => {
      execFile(process.execPath, [DYING], (_, stdout) => resolve(stdout));
    });
    const pid = Number(told);
    expect(pid).to.be.above(1);
    await until(() => !isAlive(pid), 30_000, "end of the helper");
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
