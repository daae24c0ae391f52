/** From the start of a killed node to its first answer, with a long chain on disk. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { PomlClient } from "../../../node/api/client.ts";
import { ManagedProcess } from "../../../node/cli/devnet/managed-process.ts";
import { freePorts } from "../../../node/cli/devnet/ports.ts";
import type { FinalChange } from "../../../node/store/chain-store.ts";
import { openStore } from "../../../node/store/open.ts";
import { until } from "../../helpers/until.ts";
import type { BlockFactory } from "./block-factory.ts";
import { inWorkFolder } from "./work-folder.ts";

/** Blocks written together. */
const BATCH = 256;
const START_MS = 120_000;

/**
 * @param factory at the height of the chain on disk
 * @param directory of a node that has the chain
 * @param blocks how long the chain is made first
 * @returns ms from spawning the process until its API says the right height
 */
export function benchRestart(
  factory: BlockFactory,
  directory: string,
  blocks: number,
): Promise<number> {
  return inWorkFolder(async (killed) => {
    const { store } = await openStore(directory, factory.freshHead());
    let batch: FinalChange[] = [];
    for (let height = store.height + 1; height <= blocks; height++) {
      factory.next(factory.transfers(1), ({ certified, applied: { hash, state }, seats }) => {
        batch.push({ certified, hash, changes: state.changes(), seats });
      });
      if (batch.length < BATCH && height < blocks) continue;
      await store.commitAll(batch);
      batch = [];
    }
    // What a node leaves that dies now: nothing is closed.
    await cp(directory, killed, { recursive: true });
    await store.close();
    const started = await start(killed, blocks);
    await started.process.stop(START_MS);
    return Math.round(started.ms);
  });
}

async function start(
  directory: string,
  height: number,
): Promise<{ readonly process: ManagedProcess; readonly ms: number }> {
  const [p2p = 0, api = 0, torrent = 0] = await freePorts(3);
  const args = ["node", "--data-dir", directory, "--workers", "0", "--api-port", String(api)];
  args.push("--p2p-listen", `/ip4/127.0.0.1/tcp/${p2p}/ws`, "--torrent-port", String(torrent));
  const client = new PomlClient(`http://127.0.0.1:${api}`);
  const begin = performance.now();
  const child = await ManagedProcess.start({
    name: "restarted",
    args,
    logPath: join(directory, "node.log"),
    env: process.env,
    favour: "speed",
  });
  const isServing = async (): Promise<boolean> => {
    if (!child.isRunning) throw await child.unexpectedEnd();
    const status = await client.status().catch(() => undefined);
    return status?.height === height;
  };
  await until(isServing, START_MS, "answer of the restarted node");
  return { process: child, ms: performance.now() - begin };
}
