/**
 * A node that lost everybody comes back by itself: cut off by resets once and again and again, killed while the
 * node it joined by is gone, paused for a minute, started with a clock that is an hour off. Nobody restarts it,
 * and nobody holds it against anybody.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { LocalNetwork, type LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, PATIENCE_MS, pause } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { heightOf } from "./harness/probe.ts";

const SKEWED = fileURLToPath(new URL("./mains/skewed-clock.ts", import.meta.url));
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const RESETS = 20;
const RESET_EVERY_MS = 500;

describe("a node that lost everybody rejoins by itself", function () {
  this.timeout(900_000);

  describe("cut off, paused, or with a wrong clock", () => {
    let net: FaultNetwork;

    before(async () => {
      net = await FaultNetwork.start({
        mains: { 0: SKEWED },
        // Turns that are skipped meanwhile are not what is tested here.
        parameters: { skipPenalty: 0n, skipShare: 0 },
      });
      await net.untilHeight(2);
    });
    after(() => net?.stop());

    it("after its links were reset and refused", async function () {
      await net.guarded(async () => {
        const [lonely, ...majority] = net.nodes as [LocalNode, ...LocalNode[]];
        net.mesh.split([[lonely], majority], "reset");
        await until(async () => (await peersOf(lonely)) === 0, PATIENCE_MS, "loss of all peers");
        await net.untilBlocks(3, majority);
        net.mesh.heal();
        measured(this, await rejoins(net, lonely));
      });
    });

    it("while its links are reset again and again, and nobody is charged for it", async function () {
      await net.guarded(async () => {
        const [lonely, ...majority] = net.nodes as [LocalNode, ...LocalNode[]];
        for (let i = 0; i < RESETS; i++) {
          net.mesh.split([[lonely], majority], "reset");
          net.mesh.heal();
          await pause(RESET_EVERY_MS);
        }
        const figures = await rejoins(net, lonely);
        for (const node of net.nodes) {
          const { peers } = await node.client.status();
          expect(
            peers.map(({ score }) => score),
            `scores ${node.name} gives`,
          ).eql(peers.map(() => 0));
        }
        measured(this, { resets: RESETS, ...figures });
      });
    });

    it("after it was paused for a minute", async function () {
      await net.guarded(async () => {
        const [paused] = net.nodes as [LocalNode, ...LocalNode[]];
        paused.signal("SIGSTOP");
        await pause(MINUTE_MS);
        paused.signal("SIGCONT");
        measured(this, await rejoins(net, paused));
      });
    });

    for (const offsetMs of [HOUR_MS, -HOUR_MS]) {
      it(`started with a clock that is off by ${offsetMs / HOUR_MS} h`, async function () {
        await net.guarded(async () => {
          const [skewed] = net.nodes as [LocalNode, ...LocalNode[]];
          await skewed.kill();
          await writeFile(join(skewed.dataDir, "clock-offset"), String(offsetMs));
          await skewed.start();
          measured(this, await rejoins(net, skewed));
        });
      });
    }
  });

  describe("killed while the node it joined by is gone", () => {
    let net: LocalNetwork;

    before(async () => {
      net = await LocalNetwork.create({ nodes: 4, workers: 0 });
      await net.start();
    });
    after(() => net?.stop());

    it("finds the others where the chain says they are", async function () {
      try {
        const [first, , , last] = net.nodes as [LocalNode, LocalNode, LocalNode, LocalNode];
        await until(async () => (await heightOf(last)) >= 2, PATIENCE_MS, "blocks");
        await last.kill();
        await first.kill();
        await last.start();
        const begin = performance.now();
        await until(async () => (await peersOf(last)) === 2, PATIENCE_MS, "peers of the chain");
        const head = await heightOf(net.at(1));
        await until(async () => (await heightOf(last)) > head, PATIENCE_MS, "a new block");
        measured(this, { rejoinedMs: performance.now() - begin });
      } catch (error) {
        throw net.explained(error);
      }
    });
  });
});

async function peersOf(node: LocalNode): Promise<number> {
  return (await node.client.status()).peers.length;
}

/** All are connected again, the node has blocks made after now, and nobody is accused of anything. */
async function rejoins(net: FaultNetwork, node: LocalNode): Promise<{ rejoinedMs: number }> {
  const begin = performance.now();
  const others = net.nodes.filter((each) => each !== node);
  await net.untilJoined(node);
  const head = Math.max(...(await net.heads(others)));
  await until(async () => (await heightOf(node)) > head + 1, PATIENCE_MS, `${node.name} to follow`);
  const rejoinedMs = performance.now() - begin;
  await net.expectNoFork(net.running, head);
  await net.expectNoAccusations();
  return { rejoinedMs };
}
