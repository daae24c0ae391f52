/** From the start of a killed node to its first answer, with a long chain on disk. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PomlClient } from "../../../node/api/client.ts";
import { ManagedProcess } from "../../../node/cli/devnet/managed-process.ts";
import { freePorts } from "../../../node/cli/devnet/ports.ts";
import { initDataDir } from "../../../node/config/data-dir.ts";
import type { FinalChange } from "../../../node/store/chain-store.ts";
import { openStore } from "../../../node/store/open.ts";
import { newIdentity } from "../../../node/wallet/key-file.ts";
import { until } from "../../helpers/until.ts";
import { BlockFactory } from "./block-factory.ts";

/** Blocks written together. */
const BATCH = 256;
const START_MS = 120_000;

/** @returns ms from spawning the process until its API says the right height */
export async function benchRestart(blocks: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "poml-bench-"));
  try {
    await makeDatabase(directory, blocks);
    const first = await start(directory, blocks);
    if (first.process.pid !== undefined) process.kill(first.process.pid, "SIGKILL");
    await first.process.ended;
    const again = await start(directory, blocks);
    await again.process.stop(START_MS);
    return Math.round(again.ms);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function makeDatabase(directory: string, blocks: number): Promise<void> {
  const factory = new BlockFactory({ blocks, senders: 64, accounts: 1000 });
  await initDataDir(directory, { genesis: factory.genesis, identity: newIdentity() });
  const { store } = await openStore(directory, factory.freshHead());
  let batch: FinalChange[] = [];
  for (let i = 1; i <= blocks; i++) {
    factory.next(factory.transfers(1), ({ certified, applied: { hash, state }, seats }) => {
      batch.push({ certified, hash, changes: state.changes(), seats });
    });
    if (batch.length < BATCH && i < blocks) continue;
    await store.commitAll(batch);
    batch = [];
  }
  await store.close();
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
