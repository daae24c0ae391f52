/**
 * A member of a team asks the others to sign records of ever other choices of updates; a client opens many orders, so
 * that nodes have many to read. Gain sought: the merges and orders of others come late for their deadlines. What waits
 * for a helper gets its turn by job and by member (orders: by client), so whoever asks for much waits for itself.
 */
import { EventEmitter } from "node:events";
import { expect } from "chai";
import type { HelperTasks } from "../../node/compose/helper-tasks.ts";
import { Helper, type SpawnHelper } from "../../node/helpers/helper.ts";
import { RoundOutcomes } from "../../node/jobs/round-outcomes.ts";
import type { MergeTask } from "../../node/jobs/train/merge/merge-files.ts";
import { MERGE_LIMITS } from "../../node/jobs/train/merge/merge-limits.ts";
import type { InspectTask } from "../../node/jobs/train/orders/inspect-order.ts";
import { OrderInspector } from "../../node/jobs/train/orders/order-inspector.ts";
import { SILENT } from "../../p2p/log.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCodeAsync } from "../helpers/expect-code.ts";
import { jobOf, jobSpec, openJob } from "../helpers/job-run.ts";
import { until } from "../helpers/until.ts";

const SIGNAL = new AbortController().signal;

/** A process that does one task at a time, when it is told to. */
class SlowChild extends EventEmitter {
  readonly pid = 1;
  readonly tasks: { readonly output?: string; readonly model?: { readonly hash: string } }[] = [];

  send({ task }: { task: MergeTask & InspectTask }): void {
    this.tasks.push(task);
    this.emit("message", { kind: "started" });
  }

  finish(): void {
    this.emit("message", { kind: "done", result: { kind: "possible" } });
  }

  kill(): void {}
}

function slowHelper(): { readonly helper: Helper<HelperTasks>; readonly child: SlowChild } {
  const child = new SlowChild();
  const spawn = (() => child) as unknown as SpawnHelper;
  const use = async () => ({ residentBytes: 0, cpuMs: 0 });
  return { helper: new Helper({ log: SILENT, spawn, use }), child };
}

/** @returns what was done, in order */
async function workOff(child: SlowChild, count: number): Promise<typeof child.tasks> {
  for (let done = 1; done <= count; done++) {
    await until(() => child.tasks.length === done, 5_000, `task ${done}`);
    child.finish();
  }
  return child.tasks;
}

describe("attack: a member of a team keeps asking for other merges", () => {
  it("other jobs and the other members do not wait for it; it is refused after four requests", async () => {
    const { helper, child } = slowHelper();
    const chain = new TestChain();
    const jobs = ["a", "b"].map((name) => {
      const opened = openJob(chain, chain.client, jobSpec(name));
      chain.advance(opened);
      return jobOf(chain, opened);
    });
    const [attacked, other] = jobs;
    if (attacked === undefined || other === undefined) throw new Error("no jobs");
    const outcomes = new RoundOutcomes(async (job, asked, signal) => {
      const name = job === attacked ? "attacked" : "other";
      const member = asked === undefined ? "own" : `${asked.by}`;
      const output = `${name}/${member}/${asked?.only.join() ?? "all"}`;
      const turn = { group: name, member };
      await helper.run("merge", { output } as MergeTask, MERGE_LIMITS, { signal, turn });
      return { kind: "refused", refused: [] };
    });
    const wanted: Promise<unknown>[] = [];
    for (let i = 0; i < 4; i++) {
      wanted.push(outcomes.ofAsked(attacked, { by: 7, only: [i, i + 1, i + 2] }));
    }
    const more = () => outcomes.ofAsked(attacked, { by: 7, only: [9] });
    await expectCodeAsync(more, "COSIGN_REFUSED");
    // The same choice in another order is no other choice.
    wanted.push(outcomes.ofAsked(attacked, { by: 7, only: [2, 1, 0, 0] }));
    await until(() => child.tasks.length === 1, 5_000, "the attacker's first");
    wanted.push(outcomes.of(attacked));
    wanted.push(outcomes.ofAsked(attacked, { by: 8, only: [0, 1] }));
    wanted.push(outcomes.of(other));
    wanted.push(outcomes.ofAsked(other, { by: 7, only: [0, 1] }));
    const order = (await workOff(child, 8)).map(({ output }) => output);
    await Promise.all(wanted);
    process.stdout.write(`        ${order.join("  ")}\n`);
    const lastHonest = Math.max(
      ...["attacked/own/all", "attacked/8/0,1", "other/own/all"].map((one) => order.indexOf(one)),
    );
    expect(order).to.have.length(8);
    expect(order.filter((one) => one?.startsWith("attacked/7"))).to.have.length(4);
    expect(
      order.slice(0, lastHonest).filter((one) => one?.startsWith("attacked/7/")),
    ).to.have.length(1);
    await helper.stop();
  });

  it("a failed merge may be asked for again, and ends with the round", async () => {
    const chain = new TestChain();
    const opened = openJob(chain, chain.client, jobSpec("a"));
    chain.advance(opened);
    const job = jobOf(chain, opened);
    let tries = 0;
    const outcomes = new RoundOutcomes(async (_job, _asked, signal) => {
      tries++;
      if (tries === 1) throw new Error("updates are missing");
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
    const ask = (): Promise<string> =>
      outcomes.ofAsked(job, { by: 1, only: [0] }).then(
        () => "merged",
        (error: Error) => error.message,
      );
    expect(await ask()).to.equal("updates are missing");
    const again = ask();
    await until(() => tries === 2, 5_000, "another try");
    outcomes.keepOnly(new Set());
    expect(await again).to.equal("the round is over");
  });
});

describe("attack: a client opens many orders, so that nodes check the orders of others late", () => {
  it("the clients' orders are read in turn", async () => {
    const { helper, child } = slowHelper();
    const inspector = new OrderInspector({ exact: helper, tfjs: helper });
    const look = (client: string, name: string): Promise<unknown> =>
      inspector.inspect(jobSpec(name), 4, {
        client,
        files: async () => ({
          model: { path: name, hash: name },
          manifest: { path: "manifest", hash: "" },
        }),
        signal: SIGNAL,
      });
    const looks = Array.from({ length: 20 }, (_, i) => look("attacker", `attack ${i}`));
    await until(() => child.tasks.length === 1, 5_000, "the attacker's first");
    looks.push(look("somebody", "honest 1"), look("another", "honest 2"));
    const order = (await workOff(child, 22)).map(({ model }) => model?.hash);
    await Promise.all(looks);
    const at = ["honest 1", "honest 2"].map((one) => order.indexOf(one) + 1);
    process.stdout.write(
      `        20 orders of one client: those of two others are read as number ${at.join(" and ")}\n`,
    );
    expect(Math.max(...at)).to.be.at.most(4);
    await helper.stop();
  });
});
