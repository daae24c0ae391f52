/**
 * A bad network between all nodes: 200 ms one way, give or take 100, one segment in twenty lost and sent again,
 * 1 Mbit/s. Blocks come later, but they come, in few rounds, and nothing piles up in the nodes.
 */
import { expect } from "chai";
import { FaultNetwork, mean, quantile } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { metricsOf } from "./harness/probe.ts";
import { TransferTrickle } from "./harness/trickle.ts";

const HEIGHTS = 30;
/** Longer than any round trip here, as a chain of such a network would choose. */
const BLOCK_MS = 1000;
const CONDITIONS = {
  latencyMs: 200,
  jitterMs: 100,
  stallChance: 0.05,
  stallMs: 400,
  bytesPerSecond: 125_000,
};
/** Block times from one final block to the next at p99: the aim, and the bound with room for a busy machine. */
const MAX_BLOCK_TIMES = 8;
const MAX_GROWTH_MIB = 50;

describe("slow network", function () {
  this.timeout(600_000);

  let net: FaultNetwork;
  const trickle = new TransferTrickle();

  before(async () => {
    net = await FaultNetwork.start({
      accounts: trickle.accounts,
      parameters: { blockIntervalMs: BLOCK_MS },
    });
    trickle.start(net);
  });
  after(async () => {
    await trickle.stop();
    await net?.stop();
  });

  it("with latency, loss and little bandwidth: blocks still come in time", async function () {
    await net.guarded(async () => {
      net.mesh.shape(CONDITIONS);
      await net.untilBlocks(3);
      const rssBefore = await rssOf(net);
      const from = Math.max(...(await net.heads())) + 1;
      await net.untilBlocks(HEIGHTS);
      const to = from + HEIGHTS - 1;
      const rounds = await net.roundsPerHeight(from, to);
      const gaps = await gapsMs(net, from, to);
      const growth = (await rssOf(net)).map((rss, index) => rss - (rssBefore[index] ?? 0));
      measured(this, {
        heights: HEIGHTS,
        transfers: trickle.submitted,
        meanRounds: mean(rounds),
        blockP50Ms: quantile(gaps, 0.5),
        blockP99Ms: quantile(gaps, 0.99),
        blockTimesP99: quantile(gaps, 0.99) / BLOCK_MS,
        growthMiB: Math.max(...growth),
      });
      expect(quantile(gaps, 0.99) / BLOCK_MS, "block times at p99").most(MAX_BLOCK_TIMES);
      expect(Math.max(...growth), "growth of memory, MiB").most(MAX_GROWTH_MIB);
      await net.expectNoFork();
      await net.expectNoAccusations();
    });
  });
});

function rssOf(net: FaultNetwork): Promise<number[]> {
  return Promise.all(net.running.map(async (node) => (await metricsOf(node)).rssMiB));
}

/** Between the times of blocks that follow each other. */
async function gapsMs(net: FaultNetwork, from: number, to: number): Promise<number[]> {
  const times: number[] = [];
  for (let height = from - 1; height <= to; height++) {
    times.push((await net.at(0).client.block(height)).header.time);
  }
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}
