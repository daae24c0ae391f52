/** The status of a running node, read from its parts at every request. */
import { readFile } from "node:fs/promises";
import type { State } from "../../chain/state/state.ts";
import type { WaitingTransaction } from "../chain/transaction-status.ts";
import type { Clock } from "../clock.ts";
import type { SearchTroubles } from "../jobs/search/search-troubles.ts";
import type { WindowService } from "../rating/window-service.ts";
import type { NodeStatus } from "../status/node-status.ts";
import type { Storage } from "../storage/open-storage.ts";
import type { WorkerPool } from "../workers/pool.ts";
import type { Ledger } from "./ledger.ts";

export interface StatusOptions {
  readonly publicKey: Uint8Array;
  readonly name: string;
  readonly network: string;
}

export interface StatusModules {
  readonly ledger: Ledger;
  readonly storage: Pick<Storage, "disk">;
  readonly workers: Pick<WorkerPool, "status">;
  readonly window: Pick<WindowService, "last">;
  readonly troubles: Pick<SearchTroubles, "all">;
  readonly torrents: { readonly address: string };
  readonly clock: Pick<Clock, "monotonic">;
}

const { version } = JSON.parse(
  await readFile(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };

/** @returns a function that reads the status; the uptime counts from now */
export function statusOf(
  { publicKey, name, network }: StatusOptions,
  { ledger, storage, workers, window, troubles, torrents, clock }: StatusModules,
): () => NodeStatus {
  const { chain, host, journal } = ledger;
  const startedAt = clock.monotonic();
  return () => ({
    version,
    network,
    genesisRoot: chain.genesisRoot,
    publicKey,
    name,
    height: chain.height,
    headHash: chain.head.hash,
    lowestBlock: chain.store.lowest,
    hasDiskRoom: ledger.disk.hasRoom,
    hasJobRoom: storage.disk.hasRoom,
    damagedBlocks: ledger.repair.waiting,
    abstainsThrough: journal.abstainsThrough > chain.height ? journal.abstainsThrough : undefined,
    keyElsewhere: ledger.keyWatch.heard,
    headTime: Number(chain.state.meta.time),
    round: ledger.driver.round,
    syncing: ledger.sync.syncing,
    peerHeights: ledger.sync.heights,
    idleMs: ledger.sync.idleMs,
    joining: ledger.snapshots.progress,
    peers: host.peers(),
    refusedPeers: host.refused(),
    bootstrap: host.bootstrap(),
    mempool: { transactions: ledger.mempool.size, bytes: ledger.mempool.bytes },
    get ownTransactions() {
      return ownTransactions(ledger, publicKey);
    },
    workers: workers.status(),
    lastWindow: window.last,
    slashedAt: slashedAt(chain.state, publicKey),
    searchTroubles: troubles.all,
    uptimeSeconds: Math.round((clock.monotonic() - startedAt) / 1000),
    rssBytes: process.memoryUsage.rss(),
    listen: { p2p: host.multiaddrs(), torrent: torrents.address },
  });
}

/** Height of the block that proved a fault of this node. */
function slashedAt(state: State, publicKey: Uint8Array): number | undefined {
  const index = state.nodeIndex(publicKey);
  const height = index === undefined ? 0 : state.nodes.at(index).slashedAt;
  return height === 0 ? undefined : height;
}

function ownTransactions(
  { duties, clients }: Pick<Ledger, "duties" | "clients">,
  publicKey: Uint8Array,
): WaitingTransaction[] {
  const byNode = duties.waiting().map((waiting) => ({ ...waiting, signedBy: "node" as const }));
  const byClients = clients
    .of(publicKey)
    .map((waiting) => ({ ...waiting, signedBy: "client" as const }));
  return [...byNode, ...byClients].sort(
    (a, b) => a.signed.transaction.nonce - b.signed.transaction.nonce,
  );
}
