/** The part of a node that keeps, fetches and serves a chain, with a real database and links in memory. */
import { genesisHead } from "../../chain/genesis.ts";
import type { Genesis } from "../../chain/types/genesis.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { Chain } from "../../node/chain/chain.ts";
import { readTip } from "../../node/chain/tip.ts";
import { Sync } from "../../node/network/sync.ts";
import { Joining, type JoiningOptions } from "../../node/snapshots/joining.ts";
import { SnapshotManifest } from "../../node/snapshots/manifest.ts";
import { SnapshotKeeper, type SnapshotSettings } from "../../node/snapshots/snapshot-keeper.ts";
import { SnapshotStore } from "../../node/snapshots/snapshot-store.ts";
import { openStore } from "../../node/store/open.ts";
import { createLog } from "../../node/telemetry/log.ts";
import { serveBlobs } from "../../p2p/protocols/blob.ts";
import { serveSnapshots } from "../../p2p/protocols/snapshots.ts";
import type { LinkedHost } from "./memory-network.ts";

export interface LedgerNodeOptions extends SnapshotSettings {
  readonly dataDir: string;
  readonly genesis: Genesis;
  readonly host: LinkedHost;
  readonly trust?: JoiningOptions["trust"];
  readonly keepsBlocks?: boolean;
  readonly replayIdleShare?: number;
  /** Stands between a chunk and whoever asks for it. */
  readonly serveChunk?: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export interface LedgerNode {
  readonly host: LinkedHost;
  readonly chain: Chain;
  readonly sync: Sync;
  readonly joining: Joining;
  readonly snapshots: SnapshotStore;
  /** What stopped the node. */
  readonly failures: unknown[];
  isReady(): boolean;
  /** Joins the node to others and has it look for blocks. */
  dial(others: readonly { readonly host: LinkedHost }[]): void;
  stop(): Promise<void>;
}

/** A node with links to nobody yet. */
export async function startLedgerNode(options: LedgerNodeOptions): Promise<LedgerNode> {
  const { dataDir, genesis, host, trust, everyEpochs, keep } = options;
  const first = genesisHead(genesis);
  const { store, head } = await openStore(dataDir, first);
  const tip = await readTip(store, head);
  const verified = new WeakSet<SignedTransaction>();
  const known = (signed: SignedTransaction): SignedTransaction => signed;
  const chain = new Chain({ genesisRoot: first.hash, head, tip }, { store, verified, known });
  const log = createLog("silent");
  const snapshots = await SnapshotStore.open(dataDir);
  const sync = new Sync({ host, chain, log }, { rangeBlocks: 8, requestGapMs: 20 });
  const keeper = new SnapshotKeeper(
    { everyEpochs, keep },
    { chain, snapshots, log, isBusy: () => false },
  );
  const failures: unknown[] = [];
  const joining = new Joining(
    {
      genesis: genesisHead(genesis),
      trust,
      keepsBlocks: options.keepsBlocks ?? true,
      search: { patienceMs: 300, retryMs: 50 },
      replayIdleShare: options.replayIdleShare ?? 0,
    },
    {
      host,
      chain,
      sync,
      snapshots,
      log,
      now: () => Date.now(),
      fail: (error) => failures.push(error),
    },
  );
  await joining.check();
  await sync.start();
  await serveSnapshots(host, async () =>
    (await snapshots.list()).map((manifest) => SnapshotManifest.serialize(manifest)),
  );
  await serveBlobs(host, async (hash) => {
    const chunk = await snapshots.chunk(hash);
    return chunk === undefined ? undefined : (options.serveChunk ?? ((bytes) => bytes))(chunk);
  });
  let ready = false;
  joining.start(async () => {
    ready = true;
  });
  return {
    host,
    chain,
    sync,
    joining,
    snapshots,
    failures,
    isReady: () => ready,
    dial(others) {
      for (const other of others) host.link(other.host);
      sync.poke();
    },
    async stop() {
      host.leave();
      await joining.stop();
      await sync.stop();
      await keeper.stop();
      await chain.idle();
      await store.close();
    },
  };
}
