/** How long one transfer takes on a network that has nothing else to do. */
import { setTimeout as delay } from "node:timers/promises";
import { LocalNetwork } from "../../helpers/local-network.ts";
import { TransferLoad } from "../../helpers/transfer-load.ts";
import { until } from "../../helpers/until.ts";
import { BlockWatch, quantile } from "./block-watch.ts";

const NODES = 4;
export const IDLE_BLOCK_INTERVAL_MS = 250;
const SENDERS = 16;
const SETTLE_MS = 1_000;
const LATEST_MS = 30_000;

/** @returns ms from the call at one node to the block at another, median; calls fall anywhere between blocks */
export async function benchIdle(transfers: number): Promise<number> {
  const load = new TransferLoad(SENDERS, () => net.genesisRoot);
  const net = await LocalNetwork.create({
    nodes: NODES,
    workers: 0,
    accounts: load.accounts,
    parameters: { blockIntervalMs: IDLE_BLOCK_INTERVAL_MS },
    favour: "speed",
  });
  try {
    await net.start();
    const watch = new BlockWatch(net.at(NODES - 1).client);
    try {
      await until(() => watch.blocks.length > 0, LATEST_MS, "block event");
      await delay(SETTLE_MS);
      const delays: number[] = [];
      for (let i = 0; i < transfers; i++) {
        const [seenBefore, called] = [watch.transactions, performance.now()];
        await net.at(i % (NODES - 1)).client.submitTransaction(load.next(i % SENDERS).bytes);
        await until(() => watch.transactions > seenBefore, LATEST_MS, "block with the transfer");
        delays.push((watch.blocks.at(-1)?.seenAt ?? Number.NaN) - called);
        // Not in step with the blocks.
        await delay(137 + ((89 * i) % IDLE_BLOCK_INTERVAL_MS));
      }
      return quantile(
        delays.sort((a, b) => a - b),
        0.5,
      );
    } finally {
      await watch.stop();
    }
  } finally {
    await net.stop();
  }
}
