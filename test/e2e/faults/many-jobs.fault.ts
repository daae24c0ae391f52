/**
 * Many orders at once, handed in at every node in the same moment. The chain goes on at its pace, nobody cuts
 * off anybody, and every job is settled with its model.
 */
import { expect } from "chai";
import { ApiError } from "../../../node/api/api-error.ts";
import type { JobDetail, JobList, JobOrder } from "../../../node/api/contract/jobs/job.ts";
import { isBalanced, isComplete } from "../../../node/cli/job/follow.ts";
import { flowersCsv } from "../../helpers/flowers.ts";
import { LocalNetwork, type LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { pause, quantile } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { heightOf, isReady } from "./harness/probe.ts";

const JOBS = Number(process.env.POML_FAULT_JOBS ?? 200);
const NODES = 4;
const IDLE_BLOCKS = Number(process.env.POML_FAULT_IDLE_BLOCKS ?? 60);
const ROWS = 60;
const PAGE = 100;
const LOOK_MS = 1_000;
/** For all jobs, on a machine that is busy with other things. */
const SETTLE_MS = 900_000;
/** Block times under load, in block times of the idle network. */
const WORST_RATIO = 3;

describe("many jobs at once", function () {
  this.timeout(SETTLE_MS + 600_000);

  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({ nodes: NODES });
    await net.start();
    await Promise.all(net.nodes.map(joined));
  });
  after(() => net?.stop());

  it(`${JOBS} orders: all settle, and blocks keep their pace`, async function () {
    try {
      const idle = await pace(net.at(0), IDLE_BLOCKS);
      const from = (await heightOf(net.at(0))) + 1;
      const begin = performance.now();
      const ids = await orderAll(net);
      const orderedMs = performance.now() - begin;
      const watch = { leastPeers: NODES - 1, notReady: 0 };
      await until(
        async () => {
          await pause(LOOK_MS);
          try {
            await Promise.all(net.nodes.map((node) => look(node, watch)));
            return (await phasesOf(net.at(0))).settled === ids.length;
          } catch (error) {
            // A connection that the node has just closed, or an answer that takes its time.
            if (error instanceof ApiError && error.status === 0) return false;
            throw error;
          }
        },
        SETTLE_MS,
        "settlement of every job",
      );
      const settledMs = performance.now() - begin;
      const loaded = await intervals(net.at(0), from, await heightOf(net.at(0)));
      const jobs: JobDetail[] = [];
      for (const id of ids) jobs.push(await net.at(0).client.job(id));
      measured(this, {
        jobs: ids.length,
        complete: jobs.filter(isComplete).length,
        orderedMs,
        settledMs,
        idleP50Ms: quantile(idle, 0.5),
        idleP99Ms: quantile(idle, 0.99),
        loadedP50Ms: quantile(loaded, 0.5),
        loadedP99Ms: quantile(loaded, 0.99),
        ratioP99: quantile(loaded, 0.99) / quantile(idle, 0.99),
        ...watch,
      });
      expect(watch.leastPeers, "peers of any node at any moment").equal(NODES - 1);
      expect(jobs.every(isComplete), "every job has its model").equal(true);
      expect(jobs.every(isBalanced), "every escrow is divided").equal(true);
      const ratio = quantile(loaded, 0.99) / quantile(idle, 0.99);
      expect(ratio, "block times under load, as a ratio").most(WORST_RATIO);
    } catch (error) {
      throw net.explained(error);
    }
  });
});

async function joined(node: LocalNode): Promise<void> {
  const isJoined = async (): Promise<boolean> =>
    (await node.client.status()).peers.length === NODES - 1;
  await until(isJoined, 60_000, `peers of ${node.name}`);
}

async function look(node: LocalNode, seen: { leastPeers: number; notReady: number }) {
  const { peers } = await node.client.status();
  seen.leastPeers = Math.min(seen.leastPeers, peers.length);
  if (!(await isReady(node))) seen.notReady++;
}

async function orderAll(net: LocalNetwork): Promise<string[]> {
  const datasets = await Promise.all(
    net.nodes.map(({ client }) =>
      client.uploadCsv("flowers", flowersCsv(ROWS), { label: "species" }),
    ),
  );
  const order = (i: number): JobOrder => ({
    name: `job ${i}`,
    dataset: datasets[i % NODES]?.id ?? "",
    model: { preset: "mlp" },
    rounds: 1,
    localEpochs: 1,
    participants: 3,
    quorum: 2,
    teamSize: 3,
  });
  const orders = Array.from({ length: JOBS }, (_, i) => i);
  return Promise.all(orders.map((i) => net.at(i % NODES).client.submitJob(order(i))));
}

/** How many of the newest jobs are in each phase. */
async function phasesOf(node: LocalNode): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let page: JobList = { jobs: [], next: undefined };
  for (let left = JOBS; left > 0; left -= page.jobs.length) {
    page = await node.client.jobs({ limit: Math.min(left, PAGE), ...from(page) });
    for (const { phase } of page.jobs) counts[phase] = (counts[phase] ?? 0) + 1;
    if (page.next === undefined) break;
  }
  return counts;
}

function from({ next }: JobList): { from?: number } {
  return next === undefined ? {} : { from: next };
}

/** Milliseconds between blocks of an idle network. */
async function pace(node: LocalNode, blocks: number): Promise<number[]> {
  const from = (await heightOf(node)) + 1;
  const to = from + blocks;
  await until(async () => (await heightOf(node)) >= to, SETTLE_MS, `height ${to}`);
  return intervals(node, from, to);
}

async function intervals(node: LocalNode, from: number, to: number): Promise<number[]> {
  const times: number[] = [];
  for (let height = from; height <= to; height++) {
    times.push(Number((await node.client.block(height)).header.time));
  }
  return times.slice(1).map((time, i) => time - (times[i] ?? time));
}
