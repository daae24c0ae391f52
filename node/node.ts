/**
 * One node, put together: ledger, blobs, torrents, workers, job services, rating, API. The only
 * place that builds these; started in order, stopped in reverse.
 */
import { readFile } from "node:fs/promises";
import { addressOf, formatAddress } from "../chain/crypto/address.ts";
import { toHex } from "../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../chain/crypto/keys.ts";
import { genesisHead } from "../chain/genesis.ts";
import { ENGINE_HASH } from "../ml/exact/engine-hash.ts";
import { peerIdOf, publicKeyOf } from "../p2p/identity.ts";
import { serveBlobs } from "../p2p/protocols/blob.ts";
import { BytesInFlight, IN_FLIGHT } from "../p2p/protocols/bytes-in-flight.ts";
import { TorrentShelf } from "../p2p/torrent/shelf.ts";
import { Torrents } from "../p2p/torrent/torrents.ts";
import { createApi } from "./api/server.ts";
import { localUrl } from "./api/url.ts";
import { BlobFetcher } from "./blobs/blob-fetcher.ts";
import { blobPeersOf } from "./blobs/blob-peers.ts";
import { BlobStore } from "./blobs/blob-store.ts";
import type { Clock } from "./clock.ts";
import { ConfigError } from "./config/config-error.ts";
import type { OpenedDataDir } from "./config/data-dir.ts";
import type { Config } from "./config/schema.ts";
import { importInChild } from "./datasets/import-child.ts";
import { ImportTasks } from "./datasets/import-tasks.ts";
import { UPLOAD_LIMITS, UploadStore } from "./datasets/upload-store.ts";
import { ChainEvents } from "./events/chain-events.ts";
import { EventHub } from "./events/event-hub.ts";
import { Helper } from "./helpers/helper.ts";
import { CheckpointKeeper } from "./jobs/checkpoint-keeper.ts";
import { createJobServices } from "./jobs/job-services.ts";
import { DatasetService } from "./jobs/train/dataset-service.ts";
import { JobFiles } from "./jobs/train/job-files.ts";
import { MERGE_LIMITS } from "./jobs/train/merge/merge-limits.ts";
import { ModelFolders } from "./jobs/train/model-folders.ts";
import { ModelOpener } from "./jobs/train/models/model-opener.ts";
import { OrderInspector } from "./jobs/train/orders/order-inspector.ts";
import { PublicFiles } from "./jobs/train/public-files.ts";
import { digestOf, storedStateHash } from "./jobs/train/stored-state-hash.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { TorrentAddresses } from "./network/torrent-addresses.ts";
import { createServices } from "./node-services.ts";
import { NoticeWatch } from "./notice-watch.ts";
import { noticesOfServices } from "./notices.ts";
import { tellEach } from "./on-block.ts";
import { Membership } from "./rating/membership.ts";
import { createRatingServices } from "./rating/rating-services.ts";
import type { NodeServices, NodeStatus, WaitingTransaction } from "./services.ts";
import { parseTrust } from "./snapshots/trust.ts";
import { useFastHasher } from "./ssz-hasher.ts";
import { openStorage } from "./storage/open-storage.ts";
import type { NodeLog } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import { parseAmount } from "./wallet/amount.ts";
import { WorkerPool } from "./workers/pool.ts";
import { WORKERS_PATH } from "./workers/protocol.ts";
import { openWorkerToken } from "./workers/worker-token.ts";

export interface NodeModules {
  readonly clock: Clock;
  readonly log: NodeLog;
}

/** Where a running node can be reached. */
export interface Endpoints {
  readonly p2p: readonly string[];
  readonly api: string;
  readonly torrent: string;
}

export interface RunningNode {
  /** The chain half, for programs that build a node into themselves. */
  readonly ledger: Ledger;
  readonly services: NodeServices;
  endpoints(): Endpoints;
  /** Resolves with what forbids the node to go on; it is to be stopped then. */
  readonly failure: Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface NodeOptions {
  readonly config: Config;
  readonly dataDir: OpenedDataDir;
  /** Set the chain database aside and fetch it again. */
  readonly resync: boolean;
  /** Vote again although the record of votes through this height is lost. */
  readonly abandonVotes?: number | undefined;
  /** The owner says that no other node has its key, though it was heard elsewhere. */
  readonly resumeSigning?: boolean | undefined;
}

/** @throws StoreError, GenesisError, ConfigError */
export async function createNode(
  options: NodeOptions,
  { clock, log }: NodeModules,
): Promise<RunningNode> {
  await useFastHasher();
  const { config } = options;
  const { paths, genesis, identity, apiToken } = options.dataDir;
  const keys = keyPairFromSeed(identity.seed);
  const { publicKey } = keys;
  const name = config.name === "" ? formatAddress(addressOf(publicKey)).slice(0, 13) : config.name;
  checkEngine(genesis.parameters.exactEngine);

  const ledger = await createLedger(
    {
      dataDir: paths.root,
      keys,
      seed: identity.seed,
      genesis: genesisHead(genesis),
      resync: options.resync,
      abandonVotes: options.abandonVotes,
      resumeSigning: options.resumeSigning,
      keepBlocks: config.pruning.keepBlocks,
      minFreeBytes: config.disk.minFreeMib * 1024 * 1024,
      trust: parseTrust(config.trust),
      snapshots: config.snapshots,
      p2p: config.p2p,
    },
    { clock, log },
  );
  const { chain, duties, host, messages } = ledger;
  const peerOf = (node: number): string => peerIdOf(chain.state.nodes.at(node).publicKey);
  const isNode = (peer: string): boolean => chain.state.nodeIndex(publicKeyOf(peer)) !== undefined;

  const jobLog = log.child({ module: "jobs" });
  const storage = await openStorage({ dataDir: paths.root, config }, { chain, log: jobLog, clock });
  const room = storage.disk;
  const peers = blobPeersOf(host);
  const blobs = await BlobStore.open(paths.root, { room });
  const fetcher = new BlobFetcher({ blobs, peers, room, clock });
  const shelf = await TorrentShelf.open(paths.root);
  const torrents = new Torrents(config.torrent, { log: log.child({ module: "torrent" }), shelf });
  const torrentAddresses = new TorrentAddresses({ host, messages, torrents });
  const datasets = new DatasetService(
    { dataDir: paths.root },
    {
      blobs,
      torrents,
      room,
      clock,
      torrentPeers: (infoHash, signal) => torrentAddresses.ask(infoHash, signal),
    },
  );
  const uploadBytes = config.api.uploadMib * 1024 * 1024;
  const totalBytes = config.quota.uploadsMib * 1024 * 1024;
  const uploadLimits = { ...UPLOAD_LIMITS, fileBytes: uploadBytes, totalBytes };
  const uploads = new UploadStore(paths.root, uploadLimits, { clock, room });
  await uploads.load();
  const imports = new ImportTasks({
    clock,
    log: log.child({ module: "import" }),
    run: importInChild,
    adopt: (folder) => datasets.adopt(folder),
    room,
  });
  const helperLog = log.child({ module: "helpers" });
  const newHelper = (): Helper => new Helper({ log: helperLog });
  const inspecting = { exact: newHelper(), tfjs: newHelper() };
  const [opening, merging] = [newHelper(), newHelper()];
  const helpers = [inspecting.exact, inspecting.tfjs, opening, merging];
  const inspector = new OrderInspector(inspecting);
  const opener = new ModelOpener(opening);
  const files = new JobFiles({ fetcher, datasets, blobs, inspector });
  const models = new ModelFolders({ dataDir: paths.root }, { torrents, room });
  const workers = new WorkerPool(
    {
      localWorkers: config.workers,
      engineHash: ENGINE_HASH,
      remoteToken: await openWorkerToken(paths.workerToken, apiToken),
    },
    { clock, log: log.child({ module: "workers" }) },
  );
  const events = new EventHub();
  const keeper = new CheckpointKeeper(
    { dataDir: paths.root },
    { room, stateHash: storedStateHash },
  );
  const jobServices = createJobServices(
    { keys, jobs: config.jobs },
    {
      chain,
      duties,
      messages,
      peers,
      blobs,
      fetcher,
      files,
      keeper,
      models,
      opener,
      workers,
      events,
      room,
      clock,
      log: jobLog,
      peerOf,
      digest: digestOf,
      merge: (task, signal, turn) => merging.run("merge", task, MERGE_LIMITS, { signal, turn }),
    },
  );
  storage.retention.removeWith({
    blobs: ({ name: blob }) => blobs.removeNamed(blob),
    datasets: ({ name: id }) => datasets.remove(id),
    models: ({ name: job }) => models.remove(job),
    checkpoints: ({ name: run }) => keeper.remove(run),
    torrents: ({ name: infoHash }) => torrents.unshare(infoHash),
  });
  const rating = await createRatingServices(
    { publicKey, dataDir: paths.root, track: config.track },
    { ledger, workers, room, clock, log: log.child({ module: "rating" }), peerOf },
  );
  const bond = config.autoRegister.enabled
    ? parseAmount(config.autoRegister.bond, "autoRegister.bond")
    : undefined;
  const membership = new Membership(
    { publicKey, name, bond },
    { chain, duties, onion: ledger.onion, log, endpoint: () => host.multiaddrs()[0] ?? "" },
  );
  const startedAt = clock.monotonic();
  const status = (): NodeStatus => ({
    version: VERSION,
    network: new TextDecoder().decode(genesis.name),
    genesisRoot: chain.genesisRoot,
    publicKey,
    name,
    height: chain.height,
    headHash: chain.head.hash,
    lowestBlock: chain.store.lowest,
    hasDiskRoom: ledger.disk.hasRoom,
    hasJobRoom: storage.disk.hasRoom,
    damagedBlocks: ledger.repair.waiting,
    abstainsThrough:
      ledger.journal.abstainsThrough > chain.height ? ledger.journal.abstainsThrough : undefined,
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
    lastWindow: rating.window.last,
    uptimeSeconds: Math.round((clock.monotonic() - startedAt) / 1000),
    rssBytes: process.memoryUsage.rss(),
    listen: { p2p: host.multiaddrs(), torrent: torrents.address },
  });
  const metrics = createMetrics(chain, {
    status,
    faults: ledger.driver.faults,
    evidence: ledger.evidence,
    admission: ledger.transactions.admission,
    blockTimes: ledger.blockTimes,
  });
  const services = createServices({
    ledger,
    datasets,
    blobs,
    fetcher,
    events,
    files: new PublicFiles({ dataDir: paths.root }, { blobs }),
    address: addressOf(publicKey),
    uploads,
    imports,
    inspector,
    opener,
    status,
    storage: () => storage.report(),
    metrics: () => metrics.metrics(),
  });
  const notices = new NoticeWatch(() => noticesOfServices(services, clock.now()), { log });
  const { host: apiHost, port, hosts } = config.api;
  const api = createApi(
    {
      host: apiHost,
      port,
      token: apiToken,
      hosts,
      metrics: config.metrics,
    },
    { services, clock, log: log.child({ module: "api" }) },
  );
  api.onUpgrade(WORKERS_PATH, (request, socket, head) =>
    workers.handleUpgrade(request, socket, head),
  );

  const servicesOnBlock = [...rating.services, membership, ...jobServices];
  const onBlock = (): void => tellEach(servicesOnBlock, (service) => service.onBlock(), log);

  return {
    ledger,
    services,
    failure: ledger.failure,
    endpoints: () => ({
      p2p: host.multiaddrs(),
      api: localUrl(apiHost, api.port),
      torrent: torrents.address,
    }),
    async start() {
      await torrents.start();
      await workers.start();
      await serveBlobs(
        host,
        async (hash) =>
          ledger.knownVotes.find(hash) ??
          (await keeper.serve(hash)) ??
          (await blobs.serve(hash)) ??
          ledger.snapshots.store.chunk(hash),
        new BytesInFlight(IN_FLIGHT, isNode),
      );
      torrentAddresses.serve();
      new ChainEvents({ chain, host, events });
      chain.onBlock(() => setImmediate(onBlock));
      chain.onBlock(({ block }) =>
        setImmediate(() => rating.ownRecord.onBlock(block.body.ratingChanges)),
      );
      await ledger.start();
      await api.start();
      notices.start();
      storage.start();
      setImmediate(onBlock);
      log.info("node started", { publicKey: toHex(publicKey), height: chain.height, name });
    },
    async stop() {
      notices.stop();
      await api.stop();
      await imports.stop();
      for (const service of [...rating.services, ...jobServices]) service.stop();
      inspector.stop();
      opener.stop();
      await storage.stop();
      await Promise.all(helpers.map((helper) => helper.stop()));
      await workers.stop();
      await ledger.stop();
      await torrents.stop();
      log.info("node stopped", { height: chain.height });
    },
  };
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

const { version: VERSION } = JSON.parse(
  await readFile(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };

/** Another engine would train other bits and be slashed for it. */
function checkEngine(expected: Uint8Array): void {
  if (toHex(expected) === ENGINE_HASH) return;
  throw new ConfigError(
    `the chain runs exact engine ${toHex(expected).slice(0, 16)}, this node has ${ENGINE_HASH.slice(0, 16)}`,
    { code: "WRONG_ENGINE", expected: toHex(expected), actual: ENGINE_HASH },
    "install the version of PoML this chain runs",
  );
}
