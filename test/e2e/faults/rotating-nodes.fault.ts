/**
 * Nodes lose their database one after another, twenty times, and fetch the chain again from the others while
 * transfers go on. The chain keeps its pace: serving history costs voters little.
 */
import { expect } from "chai";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, mean, PATIENCE_MS } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { heightOf } from "./harness/probe.ts";
import { TransferTrickle } from "./harness/trickle.ts";

const TURNS = Number(process.env.POML_FAULT_TURNS ?? 20);
const HISTORY = 20;
/** The aim is 1.1; three of four have to agree here, and the fourth fetches on the same machine. */
const MAX_SLOWDOWN = 2.5;

describe("rotating nodes", function () {
  this.timeout(300_000 + TURNS * 60_000);

  let net: FaultNetwork;
  const trickle = new TransferTrickle();

  before(async () => {
    net = await FaultNetwork.start({ accounts: trickle.accounts });
    trickle.start(net);
    await net.untilHeight(HISTORY);
  });
  after(async () => {
    await trickle.stop();
    await net?.stop();
  });

  it(`${TURNS} times wiped and synced: the others keep their pace`, async function () {
    await net.guarded(async () => {
      const quietMs = (await net.untilBlocks(10)) / 10;
      const syncMs: number[] = [];
      const from = Math.max(...(await net.heads()));
      const begin = performance.now();
      for (let turn = 0; turn < TURNS; turn++) {
        const node = net.at(turn % 4);
        await node.stop();
        const started = performance.now();
        await node.start("--resync");
        const head = Math.max(...(await net.heads()));
        await until(
          async () => (await heightOf(node)) > head,
          PATIENCE_MS,
          `${node.name} to follow`,
        );
        syncMs.push(performance.now() - started);
      }
      const blocks = Math.max(...(await net.heads())) - from;
      const rotatingMs = (performance.now() - begin) / Math.max(1, blocks);
      measured(this, {
        turns: TURNS,
        syncMeanMs: mean(syncMs),
        syncMaxMs: Math.max(...syncMs),
        quietBlockMs: quietMs,
        rotatingBlockMs: rotatingMs,
        slowdown: rotatingMs / quietMs,
        transfers: trickle.submitted,
      });
      expect(rotatingMs / quietMs, "slowdown").most(MAX_SLOWDOWN);
      await net.expectNoFork();
      await net.expectNoAccusations();
    });
  });
});
